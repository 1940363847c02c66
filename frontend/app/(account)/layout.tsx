import type { ReactNode } from "react";
import { Brand } from "@/components/brand";
import { TextLink } from "@/components/ui/text-link";

/** Pages for people who are not signed in, or not yet. */
export default function AccountLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <header className="p-4 sm:p-6">
        <TextLink href="/" className="rounded-md">
          <Brand />
        </TextLink>
      </header>
      <main id="main" className="mx-auto w-full max-w-md grow px-4 pt-4 pb-16 sm:pt-10">
        <div className="sm:rounded-2xl sm:border sm:border-line sm:bg-surface sm:p-8">{children}</div>
      </main>
    </>
  );
}
