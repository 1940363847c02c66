import { send } from "@/lib/api";
import type { Task } from "./task";

export const createTask = (title: string) => send("POST", "/api/tasks", { title });

export const completeTask = ({ id, done }: Task) => send("PATCH", `/api/tasks/${id}`, { done });

export const deleteTask = ({ id }: Task) => send("DELETE", `/api/tasks/${id}`);
