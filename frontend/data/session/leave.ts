import { authClient } from "@/lib/auth-client";

let leaving = false;

/** Load another page from the server, once: what this tab remembers of the session goes with it. */
export function leave(to: string): void {
  if (leaving) return;
  leaving = true;
  window.location.replace(to);
}

/** Look again whether there is a session; everything that shows private data follows. */
export function recheckSession(): void {
  authClient.$store.notify("$sessionSignal");
}
