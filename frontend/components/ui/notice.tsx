import clsx from "clsx";
import type { ReactNode } from "react";

interface Props {
  kind?: "info" | "problem";
  /** Read out when it appears; leave it out for what is there from the start. */
  announced?: boolean;
  children: ReactNode;
}

const looks = { info: "border-accent/30 bg-tint", problem: "border-danger/40 bg-danger-tint" };

export function Notice({ kind = "info", announced, children }: Props) {
  const role = announced ? (kind === "problem" ? "alert" : "status") : undefined;
  return (
    <div role={role} className={clsx("rounded-lg border px-4 py-3 text-sm", looks[kind])}>
      {children}
    </div>
  );
}
