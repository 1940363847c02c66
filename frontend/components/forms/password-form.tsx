"use client";

import { changePassword } from "@/data/profile/change";
import { toast } from "@/components/ui/toasts";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

/** `email` is for password managers, which file the new password under it. */
export function PasswordForm({ email }: { email: string }) {
  async function submit({ password = "", newPassword = "", others }: Values) {
    const problem = await changePassword({
      currentPassword: password,
      newPassword,
      revokeOtherSessions: others === "on",
    });
    if (!problem) toast("Your password is changed.");
    return problem;
  }

  return (
    <Form submit={submit} resets label="Change password">
      <input hidden name="username" autoComplete="username" value={email} readOnly />
      <PasswordField label="Current password" />
      <PasswordField chosen label="New password" />
      <label className="flex items-center gap-2 text-sm">
        <input type="checkbox" name="others" defaultChecked className="size-4 accent-accent" />
        Sign out everywhere else
      </label>
      <Submit>Change password</Submit>
    </Form>
  );
}
