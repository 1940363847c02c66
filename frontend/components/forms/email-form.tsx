"use client";

import { changeEmail } from "@/data/profile/change";
import { Field } from "./field";
import { Submit } from "./form";
import { MailedForm } from "./mailed-form";

export function EmailForm() {
  return (
    <MailedForm
      label="Change e-mail"
      submit={changeEmail}
      sent="Nothing has changed yet: open the link that we have sent. If the address is taken, there is none."
    >
      <Field name="email" label="New e-mail" type="email" autoComplete="email" required />
      <Submit>Change e-mail</Submit>
    </MailedForm>
  );
}
