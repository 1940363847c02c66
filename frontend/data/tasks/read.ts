import "server-only";

import { readBackend } from "@/lib/backend";
import type { TaskPage } from "./task";

/** The newest tasks of whoever is signed in. */
export const readTasks = () => readBackend<TaskPage>("/api/tasks?limit=100");
