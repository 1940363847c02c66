import type { Metadata } from "next";
import { EmailForm } from "@/components/forms/email-form";
import { ProfileForm } from "@/components/forms/profile-form";
import { MailPageHint } from "@/components/mail-page-hint";
import { Card } from "@/components/ui/card";
import { VerifyNotice } from "@/components/verify-notice";
import { readOffers } from "@/data/offers/read";
import { requireSession } from "@/data/session/current";

export const metadata: Metadata = { title: "Profile" };

export default async function ProfilePage() {
  const { user } = await requireSession();
  const offers = await readOffers();
  return (
    <>
      <Card title="Profile">
        <ProfileForm key={user.name} name={user.name} />
      </Card>
      <Card title="E-mail" description={<>Your address is {user.email}.</>}>
        {offers.mail && (
          <>
            <VerifyNotice user={user} offers={offers} />
            <EmailForm />
            {user.emailVerified && <MailPageHint offers={offers} />}
          </>
        )}
      </Card>
    </>
  );
}
