"use client";

import { createContext, use, useEffect, useRef, useState, useSyncExternalStore, useTransition } from "react";
import type { FormEvent, ReactNode } from "react";
import { Button, type Look } from "@/components/ui/button";
import { Notice } from "@/components/ui/notice";
import type { Problem } from "@/lib/problems";

export type Values = Record<string, string>;

interface State {
  problem: Problem | null;
  pending: boolean;
}

const FormState = createContext<State>({ problem: null, pending: false });

export const useFormState = () => use(FormState);

interface Props {
  /** Does the work and returns what went wrong, if anything did. */
  submit: (values: Values) => Promise<Problem | null>;
  /** Empties the form once the work is done. */
  resets?: boolean;
  label?: string;
  className?: string;
  children: ReactNode;
}

/** A form that checks its fields, submits once, and shows a problem at the field it is about. */
export function Form({ submit, resets, label, className = "space-y-4", children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [pending, startTransition] = useTransition();

  useEffect(() => {
    if (problem?.field) fieldOf(form.current, problem.field)?.focus();
  }, [problem]);

  function onSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const invalid = firstInvalid(element);
    if (invalid || pending) return setProblem(invalid);
    const values = Object.fromEntries(new FormData(element)) as Values;
    startTransition(async () => {
      const found = await submit(values);
      if (!found && resets) element.reset();
      startTransition(() => setProblem(found && placed(found, element)));
    });
  }

  return (
    // A password must never end up in an address, whatever happens before the script runs: hence "post".
    <form ref={form} method="post" noValidate aria-label={label} className={className} onSubmit={onSubmit}>
      {problem && !problem.field && (
        <Notice kind="problem" announced>
          {problem.text}
        </Notice>
      )}
      <FormState value={{ problem, pending }}>{children}</FormState>
    </form>
  );
}

/** Disabled while the form is under way, and until the page is alive. */
export function Submit({ look, wide, children }: { look?: Look; wide?: boolean; children: ReactNode }) {
  const { pending } = useFormState();
  const alive = useSyncExternalStore(never, () => true, () => false);
  return (
    <Button type="submit" look={look} className={wide ? "w-full" : undefined} disabled={!alive || pending} aria-busy={pending}>
      {children}
    </Button>
  );
}

const never = () => () => {};

function fieldOf(form: HTMLFormElement | null, name: string): HTMLInputElement | null {
  const found = form?.elements.namedItem(name);
  return found instanceof HTMLInputElement ? found : null;
}

/** A problem with a field that this form does not have is one of the whole form. */
function placed(problem: Problem, form: HTMLFormElement): Problem {
  return problem.field && fieldOf(form, problem.field) ? problem : { ...problem, field: undefined };
}

/** What the page says itself about a text of another form than it asks for. */
const own = ({ validity, title }: HTMLInputElement) => (validity.patternMismatch && title) || undefined;

/** What the browser itself finds wrong, in its own words and language. */
function firstInvalid(form: HTMLFormElement): Problem | null {
  for (const element of form.elements) {
    if (element instanceof HTMLInputElement && !element.validity.valid) {
      return { code: "INVALID_FIELD", field: element.name, text: own(element) ?? element.validationMessage };
    }
  }
  return null;
}
