"use client";

import { requestPasswordReset } from "@/data/profile/change";
import { Field } from "./field";
import { Submit } from "./form";
import { MailedForm } from "./mailed-form";

export function ForgotPasswordForm() {
  return (
    <MailedForm
      label="Forgot password"
      submit={requestPasswordReset}
      sent="If there is an account with this address, a link is on its way. It works for an hour."
    >
      <Field name="email" label="E-mail" type="email" autoComplete="username" required />
      <Submit wide>Send a link</Submit>
    </MailedForm>
  );
}
