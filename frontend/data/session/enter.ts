import { attempt } from "@/lib/attempt";
import { leave } from "@/data/session/leave";
import type { Problem } from "@/lib/problems";

/** The client comes when it is first needed: a page of two fields should be there before it. */
const client = () => import("@/lib/auth-client").then(({ authClient }) => authClient);

export interface Credentials {
  email: string;
  password: string;
  rememberMe: boolean;
}

export const signIn = (credentials: Credentials): Promise<Problem | null> =>
  attempt(client().then(({ signIn }) => signIn.email(credentials)));

export const signUp = (person: { name: string; email: string; password: string }): Promise<Problem | null> =>
  attempt(client().then(({ signUp }) => signUp.email({ ...person, callbackURL: "/verify-email?done=1" })));

/** Leaves for the provider; comes back to `next`, or to the sign-in page with `error` in its address. */
export function signInWith(provider: string, next: string): Promise<Problem | null> {
  const errorCallbackURL = `/sign-in?${new URLSearchParams({ next })}`;
  return attempt(client().then(({ signIn }) => signIn.social({ provider, callbackURL: next, errorCallbackURL })));
}

/** Leaves for the start page, or for the provider whose own session is to end as well. */
export const signOut = (): Promise<Problem | null> =>
  attempt(client().then(({ signOut }) => signOut({ fetchOptions: { onSuccess: ({ data }) => leave(data?.url ?? "/") } })));
