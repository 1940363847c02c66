"use client";

import { sendVerification } from "@/data/session/enter";
import { ActionButton } from "./action-button";

/** Says the same of every address: who has none to confirm is not told. */
export function SendVerificationButton({ email }: { email: string }) {
  return (
    <ActionButton
      action={() => sendVerification(email)}
      done={`If ${email} still has to be confirmed, another link is on its way.`}
    >
      Send the link again
    </ActionButton>
  );
}
