import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";
import type { Problem } from "@/lib/problems";

export interface Credentials {
  email: string;
  password: string;
  rememberMe: boolean;
}

export const signIn = (credentials: Credentials): Promise<Problem | null> =>
  attempt(authClient.signIn.email(credentials));

export const signUp = (person: { name: string; email: string; password: string }): Promise<Problem | null> =>
  attempt(authClient.signUp.email({ ...person, callbackURL: "/verify-email" }));

/** Leaves for the provider; comes back to `next`, or to the sign-in page with `error` in its address. */
export const signInWith = (provider: string, next: string): Promise<Problem | null> =>
  attempt(
    authClient.signIn.social({
      provider,
      callbackURL: next,
      errorCallbackURL: `/sign-in?${new URLSearchParams({ next })}`,
    }),
  );

export const signOut = (): Promise<Problem | null> => attempt(authClient.signOut());
