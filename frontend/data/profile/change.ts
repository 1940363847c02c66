import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";
import type { Problem } from "@/lib/problems";

/** Where links in mails lead once the server has seen them; it adds `error` where something was wrong. */
const CHANGED = "/verify-email?done=change";
const RESET = "/reset-password";

type Outcome = Promise<Problem | null>;

export const changeName = (name: string): Outcome => attempt(authClient.updateUser({ name }));

export const changeEmail = (newEmail: string): Outcome =>
  attempt(authClient.changeEmail({ newEmail, callbackURL: CHANGED }));

export const requestPasswordReset = (email: string): Outcome =>
  attempt(authClient.requestPasswordReset({ email, redirectTo: RESET }));

export const resetPassword = (token: string, newPassword: string): Outcome =>
  attempt(authClient.resetPassword({ token, newPassword }));

interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  revokeOtherSessions: boolean;
}

export const changePassword = (change: PasswordChange): Outcome => attempt(authClient.changePassword(change));

/** Deletes at once, or sends a link where the server asks for one: a session that is left tells which. */
export const deleteAccount = (password?: string): Outcome =>
  attempt(authClient.deleteUser({ password, callbackURL: "/?deleted" }));

export async function isSignedOut(): Promise<boolean> {
  const { data, error } = await authClient.getSession();
  return !data && !error;
}
