import { noteEnd } from "@/data/session/leave";
import { attempt } from "@/lib/attempt";
import type { Problem, Refusal } from "@/lib/problems";

/** Send something to the application's own routes and return what went wrong, if anything did. */
export function send(method: "POST" | "PATCH" | "DELETE", path: string, body?: object): Promise<Problem | null> {
  return attempt(request(method, path, body));
}

async function request(method: string, path: string, body?: object): Promise<{ error: Refusal | null }> {
  const answer = await fetch(path, {
    method,
    headers: body && { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  noteEnd(answer);
  return { error: answer.ok ? null : await refusalOf(answer) };
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const body: { code?: string; message?: string; detail?: unknown } = await answer.json().catch(() => ({}));
  const detail = typeof body.detail === "string" ? body.detail : undefined;
  return { code: body.code, message: body.message ?? detail, status: answer.status };
}
