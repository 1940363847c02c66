"use client";

import { sendVerification } from "@/data/session/enter";
import { Field } from "./field";
import { Submit } from "./form";
import { MailedForm } from "./mailed-form";

export function VerificationForm({ email }: { email?: string }) {
  return (
    <MailedForm
      label="Confirm your address"
      submit={sendVerification}
      sent="If this address waits to be confirmed, a link is on its way. It works for an hour."
    >
      <Field name="email" label="E-mail" type="email" autoComplete="email" defaultValue={email} required />
      <Submit wide>Send a link</Submit>
    </MailedForm>
  );
}
