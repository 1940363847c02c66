import { endOf } from "@/lib/ended";
import { signInPath } from "@/lib/return-path";

let leaving = false;
let why = "";

/** Load another page from the server, once: what this tab remembers of the session goes with it. */
export function leave(to: string): void {
  if (leaving) return;
  leaving = true;
  window.location.replace(to);
}

/** Remember why the session ended, if an answer tells: the server tells a browser once, in whichever answer is first. */
export function noteEnd(answer: Response): void {
  why = endOf(answer) || why;
}

/** Lead to sign-in and back here, with a reason why: `ended`, or `again` for somebody who is to show that it is them. */
export function leaveForSignIn(reason: "ended" | "again"): void {
  leave(signInPath(location.pathname + location.search, { [reason]: reason === "ended" ? why : "" }));
}

/** The event of a request that the server answered as one of nobody. */
export const REJECTED = "session-rejected";

/** Have the private page that is shown, if there is one, look again whether it still may be. */
export function reportRejection(): void {
  window.dispatchEvent(new Event(REJECTED));
}
