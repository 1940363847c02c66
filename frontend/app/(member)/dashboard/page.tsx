import type { Metadata } from "next";
import { TaskList } from "@/components/task-list";
import { PageTitle } from "@/components/ui/page-title";
import { requireSession } from "@/data/session/current";
import { readTasks } from "@/data/tasks/read";

export const metadata: Metadata = { title: "Your tasks" };

export default async function DashboardPage() {
  const { user } = await requireSession("/dashboard");
  const page = await readTasks();
  return (
    <div className="mx-auto max-w-2xl">
      <PageTitle title="Your tasks">Hello, {user.name}.</PageTitle>
      <TaskList page={page} />
    </div>
  );
}
