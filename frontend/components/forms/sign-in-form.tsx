"use client";

import { useState } from "react";
import { SendVerificationButton } from "@/components/send-verification-button";
import { signIn } from "@/data/session/enter";
import { leave } from "@/data/session/leave";
import { Field } from "./field";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

interface Props {
  next: string;
  /** Of whoever is signed in and does it once more. */
  email?: string;
}

export function SignInForm({ next, email }: Props) {
  const [unconfirmed, setUnconfirmed] = useState<string>();

  async function submit({ email = "", password = "", rememberMe }: Values) {
    const problem = await signIn({ email, password, rememberMe: rememberMe === "on" });
    if (!problem) leave(next);
    setUnconfirmed(problem?.code === "EMAIL_NOT_VERIFIED" ? email : undefined);
    return problem;
  }

  return (
    <Form submit={submit} label="Sign in">
      <Field name="email" label="E-mail" type="email" autoComplete="username" defaultValue={email} required />
      {unconfirmed && <SendVerificationButton email={unconfirmed} />}
      <PasswordField />
      <label className="flex items-center gap-2 text-sm">
        <input type="checkbox" name="rememberMe" defaultChecked className="size-4 accent-accent" />
        Keep me signed in on this device
      </label>
      <Submit wide>Sign in</Submit>
    </Form>
  );
}
