import "server-only";

import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";
import type { Session as ClientSession } from "@/lib/auth-client";
import { answerOf } from "@/lib/backend";
import { endOf } from "@/lib/ended";
import { PATH_HEADER, returnPath, signInPath } from "@/lib/return-path";
import type { Wire } from "@/lib/wire";
import { isAdministrator } from "./roles";

export type Session = Wire<ClientSession>;

/**
 * Ask whose page this is and, where it is nobody's, why the session ended; once for each page.
 * A server component cannot set cookies, so the session is not extended here: the browser's own requests do that.
 */
const askSession = cache(async () => {
  const answer = await answerOf("/api/auth/get-session?disableRefresh=true");
  return { session: (await answer.json()) as Session | null, ended: endOf(answer) };
});

/** Return whose page this is, or null. */
export async function currentSession(): Promise<Session | null> {
  return (await askSession()).session;
}

/** Return whose page this is; leads everybody else to sign-in and back. */
export async function requireSession(): Promise<Session> {
  const { session, ended } = await askSession();
  return session ?? redirect(signInPath(returnPath((await headers()).get(PATH_HEADER)), { ended }));
}

/** Return the administrator whose page this is; for anybody else there is no such page. */
export async function requireAdministrator(): Promise<Session> {
  const session = await requireSession();
  return isAdministrator(session.user) ? session : notFound();
}
