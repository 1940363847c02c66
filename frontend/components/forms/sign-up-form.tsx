"use client";

import { signUp } from "@/data/session/enter";
import { leave } from "@/data/session/leave";
import { Field } from "./field";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

interface Props {
  next: string;
  /** Called with the address, where it has to be confirmed before anybody is signed in. */
  onMailed: (email: string) => void;
}

export function SignUpForm({ next, onMailed }: Props) {
  async function submit({ name = "", email = "", newPassword = "" }: Values) {
    const { problem, mailed } = await signUp({ name, email, password: newPassword });
    if (mailed) onMailed(email);
    else if (!problem) leave(next);
    return problem;
  }

  return (
    <Form submit={submit} label="Sign up">
      <Field name="name" label="Name" autoComplete="name" maxLength={100} required />
      <Field name="email" label="E-mail" type="email" autoComplete="username" required />
      <PasswordField chosen />
      <Submit wide>Create account</Submit>
    </Form>
  );
}
