"use client";

import { useRouter } from "next/navigation";
import { useRef, useTransition, type ReactNode } from "react";
import { leadsToSignIn, type Problem } from "@/lib/problems";
import { Button, type Look } from "./ui/button";
import { Dialog } from "./ui/dialog";
import { toast } from "./ui/toasts";

interface Props {
  /** Does the work and returns what went wrong, if anything did. */
  action: () => Promise<Problem | null>;
  /** What to say once it is done. */
  done?: string;
  /** Asked before anything happens. */
  question?: { title: string; text: string };
  look?: Look;
  label?: string;
  children: ReactNode;
}

/** A button that does one thing on the server and shows what came of it. */
export function ActionButton({ action, done, question, look = "quiet", label, children }: Props) {
  const router = useRouter();
  const dialog = useRef<HTMLDialogElement>(null);
  const [pending, startTransition] = useTransition();

  function act() {
    dialog.current?.close();
    startTransition(async () => {
      const problem = await action();
      if (problem) toast(problem.text, "problem");
      else if (done) toast(done);
      if (!problem || !leadsToSignIn(problem)) startTransition(() => router.refresh());
    });
  }

  return (
    <>
      <Button
        look={look}
        aria-label={label}
        aria-busy={pending}
        disabled={pending}
        onClick={() => (question ? dialog.current?.showModal() : act())}
      >
        {children}
      </Button>
      {question && (
        <Dialog ref={dialog} {...question}>
          <Button look="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </Button>
          <Button look="danger" onClick={act}>
            {children}
          </Button>
        </Dialog>
      )}
    </>
  );
}
