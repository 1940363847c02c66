"use client";

import { useEffect, useRef, useState, type ReactNode } from "react";
import type { Offers } from "@/data/offers/read";
import { signInPath } from "@/lib/return-path";
import { SignUpForm } from "./forms/sign-up-form";
import { MailPageHint } from "./mail-page-hint";
import { SendVerificationButton } from "./send-verification-button";
import { PageTitle } from "./ui/page-title";
import { TextLink } from "./ui/text-link";

interface Props {
  next: string;
  offers: Offers;
  /** Other ways in; gone with the form. */
  children: ReactNode;
}

/** The form, and what follows it where the address has to be confirmed first. */
export function SignUp({ next, offers, children }: Props) {
  const [mailedTo, setMailedTo] = useState<string>();
  if (mailedTo) return <Mailed email={mailedTo} next={next} offers={offers} />;
  return (
    <>
      <PageTitle title="Create an account" />
      <SignUpForm next={next} onMailed={setMailedTo} />
      {children}
    </>
  );
}

function Mailed({ email, next, offers }: { email: string; next: string; offers: Offers }) {
  const message = useRef<HTMLDivElement>(null);
  useEffect(() => message.current?.focus(), []); // the form that had the focus is gone

  return (
    <>
      <div ref={message} tabIndex={-1} className="outline-none">
        <PageTitle title="Look into your mail">
          We have sent a mail to <strong className="break-words text-ink">{email}</strong>. Open it to go on.
        </PageTitle>
      </div>
      <p className="mb-4 text-sm text-muted">Nothing there? It may take a minute, or be among the unwanted mail.</p>
      <SendVerificationButton email={email} />
      <MailPageHint offers={offers} />
      <p className="mt-6 text-sm text-muted">
        Confirmed already? <TextLink href={signInPath(next)}>Sign in</TextLink>
      </p>
    </>
  );
}
