import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignInForm } from "@/components/forms/sign-in-form";
import { SocialButtons } from "@/components/social-buttons";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
import { TextLink } from "@/components/ui/text-link";
import { readOffers } from "@/data/offers/read";
import { currentSession } from "@/data/session/current";
import { sentenceOf } from "@/lib/ended";
import { problemOfSignIn } from "@/lib/problems";
import { returnPath } from "@/lib/return-path";
import { one, type Query } from "@/lib/query";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({ searchParams }: { searchParams: Query }) {
  const query = await searchParams;
  const next = returnPath(one(query.next));
  const error = one(query.error);
  const session = await currentSession();
  // `again` asks somebody who is signed in to show once more that it is them; `error` is what came of it.
  if (session && !("again" in query) && !error) redirect(next);
  const offers = await readOffers();
  return (
    <>
      <PageTitle title="Sign in" />
      <div className="mb-4 space-y-3 empty:hidden">
        {"ended" in query && <Notice announced>{sentenceOf(one(query.ended))}</Notice>}
        {"again" in query && <Notice>It has been a while. Sign in again to show that it is you.</Notice>}
        {"reset" in query && <Notice>Your password is changed. Sign in with the new one.</Notice>}
        {error && <Notice kind="problem">{problemOfSignIn(error).text}</Notice>}
      </div>
      <SignInForm next={next} email={session?.user.email} />
      <SocialButtons providers={offers.providers} next={next} />
      <div className="mt-6 space-y-2 text-sm text-muted">
        {offers.mail && (
          <p>
            <TextLink href="/forgot-password">Forgot your password?</TextLink>
          </p>
        )}
        {session && (
          <p>
            <TextLink href={next}>Go back without signing in again</TextLink>
          </p>
        )}
        {offers.signUp && !session && (
          <p>
            No account yet? <TextLink href={`/sign-up?${new URLSearchParams({ next })}`}>Sign up</TextLink>
          </p>
        )}
      </div>
    </>
  );
}
