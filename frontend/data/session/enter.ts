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

/** Where links in mails lead once the server has seen them; it adds `error` where something was wrong. */
const VERIFIED = "/verify-email?done=1";

export interface Applicant {
  name: string;
  email: string;
  password: string;
}

/** Signs up. `mailed`: nobody is signed in yet, the address has to be confirmed first; known ones are answered alike. */
export async function signUp(applicant: Applicant): Promise<{ problem: Problem | null; mailed: boolean }> {
  let mailed = false;
  const onSuccess = ({ data }: { data: { token: string | null } }) => void (mailed = data.token === null);
  const call = client().then(({ signUp }) => signUp.email({ ...applicant, callbackURL: VERIFIED }, { onSuccess }));
  return { problem: await attempt(call), mailed };
}

export const sendVerification = (email: string): Promise<Problem | null> =>
  attempt(client().then((client) => client.sendVerificationEmail({ email, callbackURL: VERIFIED })));

/** Leaves for the provider; comes back to `next`, or to the sign-in page with `error` in its address. */
export function signInWith(provider: string, next: string): Promise<Problem | null> {
  const errorCallbackURL = `/sign-in?${new URLSearchParams({ next })}`;
  return attempt(client().then(({ signIn }) => signIn.social({ provider, callbackURL: next, errorCallbackURL })));
}

/** Leaves for the start page, or for the provider whose own session is to end as well. */
export const signOut = (): Promise<Problem | null> =>
  attempt(client().then(({ signOut }) => signOut({ fetchOptions: { onSuccess: ({ data }) => leave(data?.url ?? "/") } })));
