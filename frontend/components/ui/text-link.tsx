import type { ComponentProps } from "react";

/** A plain link: pages on the way in are small, and load no more than they need. */
export function TextLink(props: ComponentProps<"a">) {
  return <a className="font-medium text-accent underline underline-offset-4 hover:text-accent-strong" {...props} />;
}
