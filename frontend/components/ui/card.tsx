import clsx from "clsx";
import type { ReactNode } from "react";

interface Props {
  title: string;
  description?: ReactNode;
  danger?: boolean;
  children?: ReactNode;
}

/** A part of a page with a heading of its own. */
export function Card({ title, description, danger, children }: Props) {
  return (
    <section className={clsx("rounded-xl border bg-surface p-5 sm:p-6", danger ? "border-danger/40" : "border-line")}>
      <h2 className="text-base font-semibold">{title}</h2>
      {description && <p className="mt-1 text-sm text-muted">{description}</p>}
      {children && <div className="mt-4">{children}</div>}
    </section>
  );
}
