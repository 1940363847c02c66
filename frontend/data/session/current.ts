import "server-only";

import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { cache } from "react";
import type { Session as ClientSession } from "@/lib/auth-client";
import { readBackend } from "@/lib/backend";
import { PATH_HEADER, returnPath, signInPath } from "@/lib/return-path";
import type { Wire } from "@/lib/wire";
import { isAdministrator } from "./roles";

export type Session = Wire<ClientSession>;

/**
 * Return whose page this is, or null; asked once for each page.
 * A server component cannot set cookies, so the session is not extended here: the browser's own requests do that.
 */
export const currentSession = cache(() => readBackend<Session | null>("/api/auth/get-session?disableRefresh=true"));

/** Return whose page this is; leads everybody else to sign-in and back. */
export async function requireSession(): Promise<Session> {
  return (await currentSession()) ?? redirect(signInPath(returnPath((await headers()).get(PATH_HEADER)), { ended: "" }));
}

/** Return the administrator whose page this is; for anybody else there is no such page. */
export async function requireAdministrator(): Promise<Session> {
  const session = await requireSession();
  return isAdministrator(session.user) ? session : notFound();
}
