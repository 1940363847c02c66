/** What a test may do to the back end, past the front end. */
async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${process.env.BACKEND_URL}/test/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

export const clock = {
  advance: ({ days = 0, minutes = 0 }: { days?: number; minutes?: number }) =>
    post("controls", { advance: (days * 24 * 60 + minutes) * 60 }),
};

export const outage = {
  begin: (status = 503) => post("controls", { outage: status }),
  end: () => post("controls", {}),
};

export const giveRole = (email: string, role: string) => post("role", { email, role });
