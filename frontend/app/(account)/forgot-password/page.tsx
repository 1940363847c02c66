import type { Metadata } from "next";
import { ForgotPasswordForm } from "@/components/forms/forgot-password-form";
import { MailPageHint } from "@/components/mail-page-hint";
import { Notice } from "@/components/ui/notice";
import { PageTitle } from "@/components/ui/page-title";
import { TextLink } from "@/components/ui/text-link";
import { readOffers } from "@/data/offers/read";

export const metadata: Metadata = { title: "Forgot password" };

export default async function ForgotPasswordPage() {
  const offers = await readOffers();
  return (
    <>
      <PageTitle title="Forgot your password?">We send you a link to set a new one.</PageTitle>
      {offers.mail ? <ForgotPasswordForm /> : <Notice>This server sends no mail.</Notice>}
      <MailPageHint offers={offers} />
      <p className="mt-6 text-sm">
        <TextLink href="/sign-in">Back to sign-in</TextLink>
      </p>
    </>
  );
}
