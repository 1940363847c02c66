"use client";

import clsx from "clsx";
import { useId, type ComponentProps, type ReactNode } from "react";
import { useFormState } from "./form";

interface Props extends ComponentProps<"input"> {
  name: string;
  label: string;
  hint?: string;
  /** What stands inside the input at its end. */
  inside?: ReactNode;
}

/** A label, an input, and below it what is wrong with it. */
export function Field({ label, hint, inside, className, ...input }: Props) {
  const id = useId();
  const { problem } = useFormState();
  const wrong = problem?.field === input.name ? problem.text : undefined;
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={described || undefined}
          className={clsx(
            "min-h-10 w-full rounded-lg border bg-surface px-3 py-2 text-base sm:text-sm",
            wrong ? "border-danger" : "border-edge",
            inside && "pr-12",
          )}
          {...input}
        />
        {inside && <div className="absolute inset-y-0 right-0 flex">{inside}</div>}
      </div>
      {hint && (
        <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
          {hint}
        </p>
      )}
      <p id={`${id}-wrong`} aria-live="polite" className="mt-1 text-sm text-danger empty:hidden">
        {wrong}
      </p>
    </div>
  );
}
