"use client";

import { useEffect } from "react";
import { resetPassword } from "@/data/profile/change";
import { leave } from "@/data/session/leave";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

export function ResetPasswordForm({ token }: { token: string }) {
  useEffect(() => {
    // Whoever has the token has the account: it leaves the address bar and the history at once.
    window.history.replaceState(null, "", location.pathname);
  }, []);

  async function submit({ newPassword = "" }: Values) {
    const problem = await resetPassword(token, newPassword);
    if (!problem) leave("/sign-in?reset");
    return problem;
  }

  return (
    <Form submit={submit} label="Set a new password">
      <PasswordField chosen label="New password" />
      <Submit wide>Change password</Submit>
    </Form>
  );
}
