import "server-only";

import { headers } from "next/headers";
import { backendUrl } from "@/lib/backend-url";

const FORWARDED = ["cookie", "user-agent", "x-forwarded-for"];
const PATIENCE = 10_000; // milliseconds

/** Ask the back end in the name of whoever asked for the page. */
export async function askBackend(path: string): Promise<Response> {
  const incoming = await headers();
  const outgoing = new Headers({ accept: "application/json" });
  for (const name of FORWARDED) {
    const value = incoming.get(name);
    if (value) outgoing.set(name, value);
  }
  const signal = AbortSignal.timeout(PATIENCE);
  return fetch(backendUrl() + path, { headers: outgoing, cache: "no-store", redirect: "error", signal });
}

/** Ask for what must be there; whoever reads the page sees its error page otherwise. */
export async function answerOf(path: string): Promise<Response> {
  const answer = await askBackend(path);
  if (!answer.ok) throw new Error(`the back end answered ${answer.status} to ${path.split("?")[0]}`);
  return answer;
}

/** Ask for JSON that must be there. */
export async function readBackend<T>(path: string): Promise<T> {
  return (await (await answerOf(path)).json()) as T;
}
