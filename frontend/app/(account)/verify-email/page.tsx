import type { Metadata } from "next";
import { VerificationForm } from "@/components/forms/verification-form";
import { buttonLook } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
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
        <PageTitle title="Thank you">Your address is confirmed.</PageTitle>
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
    </>
  );
}
