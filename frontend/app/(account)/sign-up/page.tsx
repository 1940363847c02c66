import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignUp } from "@/components/sign-up";
import { SocialButtons } from "@/components/social-buttons";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
import { TextLink } from "@/components/ui/text-link";
import { readOffers } from "@/data/offers/read";
import { currentSession } from "@/data/session/current";
import { one, type Query } from "@/lib/query";
import { returnPath, signInPath } from "@/lib/return-path";

export const metadata: Metadata = { title: "Sign up" };

export default async function SignUpPage({ searchParams }: { searchParams: Query }) {
  const next = returnPath(one((await searchParams).next));
  if (await currentSession()) redirect(next);
  const offers = await readOffers();
  const others = (
    <>
      <SocialButtons providers={offers.providers} next={next} />
      <p className="mt-6 text-sm text-muted">
        Have an account? <TextLink href={signInPath(next)}>Sign in</TextLink>
      </p>
    </>
  );
  if (offers.signUp) return <SignUp next={next} offers={offers}>{others}</SignUp>;
  return (
    <>
      <PageTitle title="Create an account" />
      <Notice>Nobody can sign up here at present.</Notice>
      {others}
    </>
  );
}
