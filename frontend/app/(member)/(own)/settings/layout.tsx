import type { ReactNode } from "react";
import { NavLink } from "@/components/nav-link";
import { PageTitle } from "@/components/ui/page-title";

export default function SettingsLayout({ children }: { children: ReactNode }) {
  return (
    <>
      <PageTitle title="Settings" />
      <div className="gap-8 sm:flex">
        <nav aria-label="Settings" className="-mx-3 mb-6 flex flex-wrap gap-1 sm:mx-0 sm:w-44 sm:shrink-0 sm:flex-col">
          <NavLink href="/settings">Profile</NavLink>
          <NavLink href="/settings/password">Password</NavLink>
          <NavLink href="/settings/accounts">Linked accounts</NavLink>
          <NavLink href="/settings/sessions">Sessions</NavLink>
          <NavLink href="/settings/delete">Delete account</NavLink>
        </nav>
        <div className="max-w-xl grow space-y-6">{children}</div>
      </div>
    </>
  );
}
