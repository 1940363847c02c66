"use client";

import { useState } from "react";
import { Notice } from "@/components/ui/notice";
import { deleteAccount, isSignedOut } from "@/data/profile/change";
import { leave } from "@/data/session/leave";
import { Form, Submit, type Values } from "./form";
import { PasswordField } from "./password-field";

export function DeleteAccountForm({ hasPassword }: { hasPassword: boolean }) {
  const [mailed, setMailed] = useState(false);

  async function submit({ password }: Values) {
    const problem = await deleteAccount(password);
    if (!problem && (await isSignedOut())) leave("/?deleted");
    else setMailed(!problem);
    return problem;
  }

  return (
    <>
      <div className="mb-4 empty:hidden">
        {mailed && <Notice announced>Open the link that we have sent you: it deletes the account.</Notice>}
      </div>
      <Form submit={submit} label="Delete account">
        {hasPassword && <PasswordField />}
        <Submit look="danger">Delete my account</Submit>
      </Form>
    </>
  );
}
