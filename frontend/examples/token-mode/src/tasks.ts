import { ApiError } from "ostiary-react";
import { useCallback, useEffect, useState } from "react";
import type { components } from "./api";
import { apiClient } from "./auth";

export type Task = components["schemas"]["Task"];
type TaskPage = components["schemas"]["TaskPage"];
type TaskInput = components["schemas"]["TaskInput"];
type TaskChanges = components["schemas"]["TaskChanges"];

/** The tasks of whoever is signed in, and what can be done to them. */
export function useTasks() {
  const [tasks, setTasks] = useState<Task[]>();
  const [problem, setProblem] = useState<string>();

  const load = useCallback(async (signal?: AbortSignal) => {
    const { items } = await apiClient.get<TaskPage>("/api/tasks", { query: { limit: 100 }, signal });
    setTasks(items);
  }, []);

  const attempt = useCallback(async (work: () => Promise<void>) => {
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setProblem(error.message);
    }
  }, []);

  useEffect(() => {
    const leaving = new AbortController();
    void attempt(async () => {
      await load(leaving.signal).catch((error: unknown) => {
        if (!leaving.signal.aborted) throw error;
      });
    });
    return () => leaving.abort();
  }, [attempt, load]);

  return {
    tasks,
    problem,
    load: () => attempt(load),
    add: (input: TaskInput) =>
      attempt(async () => {
        const task = await apiClient.post<Task>("/api/tasks", input);
        setTasks((tasks = []) => [task, ...tasks]);
      }),
    change: (task: Task, changes: TaskChanges) =>
      attempt(async () => {
        const show = (shown: Task) => setTasks((tasks = []) => tasks.map((each) => (each.id === task.id ? shown : each)));
        show({ ...task, ...changes }); // at once, as it will be; as it was, should the server not agree
        try {
          show(await apiClient.patch<Task>(`/api/tasks/${task.id}`, changes));
        } catch (error) {
          show(task);
          throw error;
        }
      }),
    remove: (id: number) =>
      attempt(async () => {
        await apiClient.delete(`/api/tasks/${id}`);
        setTasks((tasks = []) => tasks.filter((each) => each.id !== id));
      }),
  };
}
