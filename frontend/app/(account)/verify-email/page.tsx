import type { Metadata } from "next";
import { VerificationForm } from "@/components/forms/verification-form";
import { buttonLook } from "@/components/ui/button";
import { MailPageHint } from "@/components/mail-page-hint";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
import { readOffers } from "@/data/offers/read";
import { currentSession } from "@/data/session/current";
import { problemOfCode } from "@/lib/problems";
import { one, type Query } from "@/lib/query";

export const metadata: Metadata = { title: "Confirm your address" };

/** Where the links in mails end: the server has already done the work, or says in `error` why not. */
export default async function VerifyEmailPage({ searchParams }: { searchParams: Query }) {
  const { done, error } = await searchParams;
  const code = one(error);
  const session = await currentSession();
  if (done && !code) {
    return (
      <>
        <PageTitle title="Thank you">
          {done === "change" ? changed(session?.user.email) : "Your address is confirmed."}
        </PageTitle>
        <a href={session ? "/dashboard" : "/sign-in"} className={buttonLook()}>
          {session ? "Go to your tasks" : "Sign in"}
        </a>
      </>
    );
  }
  return (
    <>
      <PageTitle title="Confirm your address">Ask for a link, and open it in this browser.</PageTitle>
      {code && (
        <div className="mb-4">
          <Notice kind="problem">{problemOfCode(code).text}</Notice>
        </div>
      )}
      <VerificationForm email={session?.user.email} />
      <MailPageHint offers={await readOffers()} />
    </>
  );
}

/** Where the old mailbox has to agree as well, the same page follows on either link. */
function changed(email: string | undefined): string {
  if (!email) return "Sign in to see your address.";
  return `Your address is ${email}. While that is still the old one, open the link that we have sent to the new one.`;
}
