import clsx from "clsx";
import type { ComponentProps } from "react";

const base =
  "inline-flex min-h-10 items-center justify-center gap-2 rounded-lg px-4 py-2 text-sm font-medium transition-colors " +
  "disabled:cursor-not-allowed disabled:opacity-60";

const looks = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  quiet: "border border-line bg-surface text-ink hover:bg-tint",
  danger: "border border-danger bg-surface text-danger hover:bg-danger-tint",
  plain: "text-muted hover:bg-tint hover:text-ink",
};

export type Look = keyof typeof looks;

/** The classes of a button, for links that look like one. */
export function buttonLook(look: Look = "primary", className?: string): string {
  return clsx(base, looks[look], className);
}

interface Props extends ComponentProps<"button"> {
  look?: Look;
}

export function Button({ look, className, type = "button", ...rest }: Props) {
  return <button type={type} className={buttonLook(look, className)} {...rest} />;
}
