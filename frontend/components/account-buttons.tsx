"use client";

import { linkAccount, unlinkAccount } from "@/data/accounts/change";
import type { Provider } from "@/data/offers/read";
import { ActionButton } from "./action-button";

export function LinkButton({ provider }: { provider: Provider }) {
  return <ActionButton action={() => linkAccount(provider.id)}>Link {provider.name}</ActionButton>;
}

interface UnlinkProps {
  id: string;
  /** As it stands in the list. */
  name: string;
  isPassword: boolean;
}

export function UnlinkButton({ id, name, isPassword }: UnlinkProps) {
  return (
    <ActionButton
      label={`Remove ${name}`}
      action={() => unlinkAccount(id)}
      done={isPassword ? "Your password is removed." : `${name} no longer opens your account.`}
      question={isPassword ? ABOUT_PASSWORD : aboutProvider(name)}
    >
      Remove
    </ActionButton>
  );
}

const ABOUT_PASSWORD = {
  title: "Remove your password?",
  text: "You can then sign in by your linked accounts alone, until you set a new password.",
};

const aboutProvider = (name: string) => ({
  title: `Remove ${name}?`,
  text: `You can then no longer sign in here with ${name}. Your account at the provider is not touched.`,
});
