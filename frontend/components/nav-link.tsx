"use client";

import clsx from "clsx";
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";

interface Props {
  href: string;
  /** Also the current one on the pages below it. */
  deep?: boolean;
  children: ReactNode;
}

export function NavLink({ href, deep, children }: Props) {
  const path = usePathname();
  const current = path === href || (deep && path.startsWith(`${href}/`));
  return (
    <Link
      href={href}
      aria-current={current ? "page" : undefined}
      className={clsx(
        "rounded-lg px-3 py-2 text-sm font-medium whitespace-nowrap",
        current ? "bg-tint text-accent" : "text-muted hover:bg-tint hover:text-ink",
      )}
    >
      {children}
    </Link>
  );
}
