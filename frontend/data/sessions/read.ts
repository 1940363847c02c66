import "server-only";

import type { Session } from "@/data/session/current";
import { askBackend } from "@/lib/backend";

export type ActiveSession = Session["session"];

/** Everywhere somebody is signed in; null where the server wants them to sign in again first. */
export async function readSessions(): Promise<ActiveSession[] | null> {
  const answer = await askBackend("/api/auth/list-sessions");
  if (answer.ok) return (await answer.json()) as ActiveSession[];
  const { code } = (await answer.json().catch(() => ({}))) as { code?: string };
  if (code === "SESSION_NOT_FRESH") return null;
  throw new Error(`the back end answered ${answer.status} to list-sessions`);
}
