import Link from "next/link";
import type { Session } from "@/data/session/current";
import { isAdministrator } from "@/data/session/roles";
import { Brand } from "./brand";
import { NavLink } from "./nav-link";
import { SignOutButton } from "./sign-out-button";

export function Header({ user }: { user: Session["user"] }) {
  return (
    <header className="border-b border-line bg-surface">
      <div className="mx-auto flex max-w-5xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3">
        <Link href="/" className="flex rounded-md">
          <Brand />
        </Link>
        <nav aria-label="Main" className="order-last -mx-2 flex w-full gap-1 sm:order-none sm:mx-0 sm:w-auto sm:grow">
          <NavLink href="/dashboard">Tasks</NavLink>
          <NavLink href="/settings" deep>
            Settings
          </NavLink>
          {isAdministrator(user) && <NavLink href="/admin">Administration</NavLink>}
        </nav>
        <span className="ml-auto max-w-24 truncate text-sm text-muted sm:ml-0 sm:max-w-40">{user.name}</span>
        <SignOutButton />
      </div>
    </header>
  );
}
