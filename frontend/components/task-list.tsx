"use client";

import clsx from "clsx";
import type { TaskPage } from "@/data/tasks/task";
import { NewTaskForm } from "./forms/new-task-form";
import { Icon } from "./ui/icon";
import { useTaskList } from "./use-task-list";

export function TaskList({ page }: { page: TaskPage }) {
  const { tasks, create, complete, remove } = useTaskList(page.items);
  return (
    <>
      <NewTaskForm create={create} />
      {tasks.length === 0 ? (
        <div className="mt-6 rounded-xl border border-dashed border-edge p-10 text-center text-muted">
          <Icon name="list" className="mx-auto mb-3 size-8" />
          <p className="font-medium text-ink">Nothing to do</p>
          <p className="text-sm">What you add above appears here, and only you see it.</p>
        </div>
      ) : (
        <ul aria-label="Tasks" className="mt-6 divide-y divide-line rounded-xl border border-line bg-surface">
          {tasks.map((task) => (
            <li key={task.id} className="flex items-center gap-3 px-4 py-1">
              <label className="flex min-h-11 min-w-0 grow items-center gap-3">
                <input
                  type="checkbox"
                  checked={task.done}
                  disabled={task.id < 0}
                  onChange={() => complete({ ...task, done: !task.done })}
                  className="size-5 shrink-0 accent-accent"
                />
                <span className={clsx("min-w-0 wrap-break-word", task.done && "text-muted line-through")}>
                  {task.title}
                </span>
              </label>
              <button
                type="button"
                aria-label={`Delete ${task.title}`}
                disabled={task.id < 0}
                onClick={() => remove(task)}
                className="flex size-11 shrink-0 items-center justify-center rounded-lg text-muted hover:text-danger"
              >
                <Icon name="remove" className="size-5" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {page.total > page.items.length && (
        <p className="mt-3 text-sm text-muted">
          The newest {page.items.length} of {page.total}.
        </p>
      )}
    </>
  );
}
