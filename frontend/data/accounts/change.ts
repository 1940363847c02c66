import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

const HERE = "/settings/accounts";

/** Leaves for the provider; comes back with `error` in the address where it came to nothing. */
export const linkAccount = (provider: string) =>
  attempt(authClient.linkSocial({ provider, callbackURL: HERE, errorCallbackURL: HERE }));

export const unlinkAccount = (accountId: string) => attempt(authClient.unlinkAccount({ accountId }));
