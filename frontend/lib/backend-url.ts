/** Where the back end listens; read at run time, so that one build serves every environment. */
export function backendUrl(): string {
  return process.env.BACKEND_URL || "http://127.0.0.1:8000";
}
