"use client";

import { useState, type ReactNode } from "react";
import { Notice } from "@/components/ui/notice";
import type { Problem } from "@/lib/problems";
import { Form } from "./form";

interface Props {
  label: string;
  submit: (email: string) => Promise<Problem | null>;
  /** What to say afterwards; the same whether or not there is an account. */
  sent: string;
  children: ReactNode;
}

/** A form that asks for a mail, and then says that it may be on its way. */
export function MailedForm({ label, submit, sent, children }: Props) {
  const [isSent, setSent] = useState(false);
  return (
    <>
      <div className="mb-4 empty:hidden">{isSent && <Notice announced>{sent}</Notice>}</div>
      <Form
        label={label}
        submit={async ({ email = "" }) => {
          setSent(false);
          const problem = await submit(email);
          setSent(!problem);
          return problem;
        }}
      >
        {children}
      </Form>
    </>
  );
}
