import type { Offers } from "@/data/offers/read";
import { MailPageHint } from "./mail-page-hint";
import { SendVerificationButton } from "./send-verification-button";
import { Notice } from "./ui/notice";

interface Props {
  user: { email: string; emailVerified: boolean };
  offers: Offers;
}

/** Reminds people of the link they have not opened yet. */
export function VerifyNotice({ user, offers }: Props) {
  if (user.emailVerified) return null;
  return (
    <div className="mb-4">
      <Notice>
        <div className="flex flex-wrap items-center justify-between gap-3">
          <span>Confirm your address: open the link that we have sent you.</span>
          <SendVerificationButton email={user.email} />
        </div>
        <MailPageHint offers={offers} />
      </Notice>
    </div>
  );
}
