"use client";

import { sendVerification } from "@/data/profile/change";
import { ActionButton } from "./action-button";

export function SendVerificationButton({ email }: { email: string }) {
  return (
    <ActionButton action={() => sendVerification(email)} done={`A link is on its way to ${email}.`}>
      Send it again
    </ActionButton>
  );
}
