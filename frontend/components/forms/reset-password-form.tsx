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
    <Form submit={submit} label="New password">
      <PasswordField chosen label="New password" />
      <Submit>Change password</Submit>
    </Form>
  );
}
