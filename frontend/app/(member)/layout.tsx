import type { ReactNode } from "react";
import { Header } from "@/components/header";
import { SessionGuard } from "@/components/session-guard";
import { requireSession } from "@/data/session/current";

/** Pages of somebody who is signed in. Each page asks for the session itself: a layout is kept between pages. */
export default async function MemberLayout({ children }: { children: ReactNode }) {
  const { user } = await requireSession();
  return (
    <SessionGuard userId={user.id}>
      <Header user={user} />
      <main id="main" className="mx-auto w-full max-w-5xl grow px-4 py-8">
        {children}
      </main>
    </SessionGuard>
  );
}
