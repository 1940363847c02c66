import { expect } from "@playwright/test";

interface Mail {
  kind: string;
  links: string[];
}

async function mails(to: string): Promise<Mail[]> {
  const answer = await fetch(`${process.env.BACKEND_URL}/dev/mail.json?to=${encodeURIComponent(to)}`);
  return (await answer.json()) as Mail[];
}

/** Wait for a mail and return the link in it. */
export async function linkIn(to: string, kind: string): Promise<string> {
  let found: string | undefined;
  await expect
    .poll(async () => (found = (await mails(to)).find((mail) => mail.kind === kind)?.links[0]), { message: kind })
    .toBeTruthy();
  return found!;
}

export async function kindsTo(to: string): Promise<string[]> {
  return (await mails(to)).map(({ kind }) => kind);
}
