"use client";

import { linkAccount, unlinkAccount } from "@/data/accounts/change";
import type { Provider } from "@/data/offers/read";
import { ActionButton } from "./action-button";

export function LinkButton({ provider }: { provider: Provider }) {
  return <ActionButton action={() => linkAccount(provider.id)}>Link {provider.name}</ActionButton>;
}

export function UnlinkButton({ id, name }: { id: string; name: string }) {
  return (
    <ActionButton
      label={`Remove ${name}`}
      action={() => unlinkAccount(id)}
      done={`${name} no longer opens your account.`}
      question={{ title: `Remove ${name}?`, text: "You cannot sign in with it any more. The account there stays." }}
    >
      Remove
    </ActionButton>
  );
}
