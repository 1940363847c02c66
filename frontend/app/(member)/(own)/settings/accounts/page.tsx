import type { Metadata } from "next";
import { LinkButton, UnlinkButton } from "@/components/account-buttons";
import { When } from "@/components/when";
import { Card } from "@/components/ui/card";
import { Notice } from "@/components/ui/notice";
import { PASSWORD } from "@/data/accounts/account";
import { readAccounts } from "@/data/accounts/read";
import { readOffers } from "@/data/offers/read";
import { requireSession } from "@/data/session/current";
import { problemOfLinking } from "@/lib/problems";
import { one, type Query } from "@/lib/query";

export const metadata: Metadata = { title: "Linked accounts" };

export default async function AccountsPage({ searchParams }: { searchParams: Query }) {
  await requireSession();
  const [accounts, { providers }] = await Promise.all([readAccounts(), readOffers()]);
  const error = one((await searchParams).error);
  const nameOf = (id: string) =>
    id === PASSWORD ? "Password" : (providers.find((provider) => provider.id === id)?.name ?? id);
  const unlinked = providers.filter(({ id }) => !accounts.some(({ providerId }) => providerId === id));
  return (
    <>
      {error && <Notice kind="problem">{problemOfLinking(error).text}</Notice>}
      <Card title="Ways to sign in" description="Any of these opens your account.">
        <ul aria-label="Ways to sign in" className="divide-y divide-line">
          {accounts.map(({ id, providerId, createdAt }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-3 py-3">
              <span>
                <span className="font-medium">{nameOf(providerId)}</span>
                <span className="block text-sm text-muted">
                  Since <When iso={createdAt} />
                </span>
              </span>
              {accounts.length > 1 && (
                <UnlinkButton id={id} name={nameOf(providerId)} isPassword={providerId === PASSWORD} />
              )}
            </li>
          ))}
        </ul>
      </Card>
      {unlinked.length > 0 && (
        <Card title="Add another" description="You sign in there once and come back here.">
          <div className="flex flex-wrap gap-3">
            {unlinked.map((provider) => (
              <LinkButton key={provider.id} provider={provider} />
            ))}
          </div>
        </Card>
      )}
    </>
  );
}
