"use client";

import { signUp } from "@/data/session/enter";
import { leave } from "@/data/session/leave";
import { Field } from "./field";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

export function SignUpForm({ next }: { next: string }) {
  async function submit({ name = "", email = "", newPassword = "" }: Values) {
    const problem = await signUp({ name, email, password: newPassword });
    if (!problem) leave(next);
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
