import type { Metadata } from "next";
import { TaskList } from "@/components/task-list";
import { PageTitle } from "@/components/ui/page-title";
import { VerifyNotice } from "@/components/verify-notice";
import { readOffers } from "@/data/offers/read";
import { requireSession } from "@/data/session/current";
import { readTasks } from "@/data/tasks/read";

export const metadata: Metadata = { title: "Your tasks" };

export default async function DashboardPage() {
  const { user } = await requireSession();
  const [page, offers] = await Promise.all([readTasks(), readOffers()]);
  return (
    <div className="mx-auto max-w-2xl">
      <PageTitle title="Your tasks">Hello, {user.name}.</PageTitle>
      {offers.mail && <VerifyNotice user={user} offers={offers} />}
      <TaskList page={page} />
    </div>
  );
}
