import "server-only";

import { readBackend } from "@/lib/backend";

/** How much somebody has to do. */
export interface Workload {
  userId: string;
  name: string;
  email: string;
  total: number;
  done: number;
}

/** For administrators only, which the back end sees to. */
export const readWorkload = () => readBackend<Workload[]>("/api/admin/workload?limit=100");
