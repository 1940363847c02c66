import "server-only";

import { readBackend } from "@/lib/backend";
import { PASSWORD, type Account } from "./account";

export const readAccounts = () => readBackend<Account[]>("/api/auth/list-accounts");

export async function hasPassword(): Promise<boolean> {
  return (await readAccounts()).some(({ providerId }) => providerId === PASSWORD);
}
