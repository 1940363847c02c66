import type { Grant } from "./grant.js";

interface Duties {
  refresh: () => void;
  /** Take from the page what a person who comes back to it may no longer see. */
  hide: () => void;
}

const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

/** Decides when a page refreshes by itself: ahead of expiry while somebody looks at it, and after failures. */
export class Watch {
  #due: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delay = FIRST_DELAY;
  #isOn = false;
  #hasFailed = false;

  constructor(private readonly duties: Duties) {}

  start(): void {
    this.#isOn = true;
    this.#setTimer();
    if (typeof window === "undefined") return;
    document.addEventListener("visibilitychange", this.#look);
    window.addEventListener("online", this.#hurry);
    window.addEventListener("pagehide", this.#leave);
    window.addEventListener("pageshow", this.#comeBack);
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
    if (typeof window === "undefined") return;
    document.removeEventListener("visibilitychange", this.#look);
    window.removeEventListener("online", this.#hurry);
    window.removeEventListener("pagehide", this.#leave);
    window.removeEventListener("pageshow", this.#comeBack);
  }

  /** Refresh when it is time for the next grant; without one there is nothing to refresh. */
  expect(grant: Grant | null): void {
    this.#plan(grant?.refreshAt);
  }

  reached(): void {
    this.#delay = FIRST_DELAY;
  }

  /** Try again later, and ever later, at the same moment as few others as possible. */
  failed(retryAfter = 0): void {
    this.#plan(Date.now() + Math.max(this.#delay * (0.75 + Math.random() / 2), retryAfter * 1000));
    this.#delay = Math.min(2 * this.#delay, LONGEST_DELAY);
    this.#hasFailed = true;
  }

  #plan(due: number | undefined): void {
    this.#hasFailed = false;
    this.#due = due;
    this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (!this.#isOn || this.#due === undefined) return;
    this.#timer = setTimeout(this.#look, Math.max(0, this.#due - Date.now()));
  }

  // A hidden page keeps no session alive: it refreshes when somebody looks again.
  readonly #look = (): void => {
    if (this.#due === undefined) return;
    if (Date.now() < this.#due) return this.#setTimer(); // timers may be early, and stand still while a machine sleeps
    if (typeof document !== "undefined" && document.visibilityState === "hidden") return;
    this.#due = undefined;
    this.duties.refresh();
  };

  readonly #hurry = (): void => {
    if (this.#hasFailed) this.duties.refresh();
  };

  readonly #leave = (event: PageTransitionEvent): void => {
    if (event.persisted) this.duties.hide();
  };

  readonly #comeBack = (event: PageTransitionEvent): void => {
    if (event.persisted) this.duties.refresh();
  };
}
