"use client";

import { useRouter } from "next/navigation";
import { startTransition, useOptimistic } from "react";
import { completeTask, createTask, deleteTask } from "@/data/tasks/change";
import type { Task } from "@/data/tasks/task";
import { leadsToSignIn, type Problem } from "@/lib/problems";
import { toast } from "./ui/toasts";

/** The change of a list, and the request that makes it true. */
interface Change {
  apply: (tasks: Task[]) => Task[];
  send: () => Promise<Problem | null>;
}

/**
 * A list that shows a change at once and then what the server made of it. It keeps no copy: when the request
 * is done the page is read anew, and a change that was refused is simply no longer there.
 */
export function useTaskList(tasks: Task[]) {
  const router = useRouter();
  const [shown, show] = useOptimistic(tasks, (before, change: Change) => change.apply(before));

  function make(change: Change) {
    startTransition(async () => {
      show(change);
      const problem = await change.send();
      if (problem) toast(problem.text, "problem");
      if (!problem || !leadsToSignIn(problem)) startTransition(() => router.refresh());
    });
  }

  return {
    tasks: shown,
    create: (title: string) =>
      make({ apply: (before) => [draft(title), ...before], send: () => createTask(title) }),
    complete: (task: Task) =>
      make({
        apply: (before) => before.map((each) => (each.id === task.id ? task : each)),
        send: () => completeTask(task),
      }),
    remove: (task: Task) =>
      make({
        apply: (before) => before.filter((each) => each.id !== task.id),
        send: () => deleteTask(task),
      }),
  };
}

let drafts = 0;

/** A task that the server does not know yet; it gets an id of its own from there. */
const draft = (title: string): Task => ({ id: --drafts, title, notes: "", done: false, createdAt: "" });
