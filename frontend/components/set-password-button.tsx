"use client";

import { requestPasswordReset } from "@/data/profile/change";
import { ActionButton } from "./action-button";

/** The first password is set like a forgotten one: only the owner of the mailbox gets to it. */
export function SetPasswordButton({ email }: { email: string }) {
  return (
    <ActionButton action={() => requestPasswordReset(email)} done={`A link is on its way to ${email}.`}>
      Send me a link to set one
    </ActionButton>
  );
}
