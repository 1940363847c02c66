import type { Grant } from "./grant.js";

/** What one tab tells the others. It stays within the origin and the browser, as the tabs' own memory does. */
export type News = { is: "signed-in"; grant: Grant } | { is: "refreshed"; grant: Grant } | { is: "signed-out" };

const HANDOVER = 100; // milliseconds that news may take from tab to tab

/** The tabs of one browser that show one server's front end. */
export class Tabs {
  #channel: BroadcastChannel | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly name: string,
    private readonly hear: (news: News) => void,
  ) {}

  open(): void {
    if (typeof BroadcastChannel === "undefined") return;
    this.#channel ??= new BroadcastChannel(this.name);
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => {
      this.hear(data);
      for (const told of this.#waiting) told();
    };
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  tell(news: News): void {
    this.#channel?.postMessage(news);
  }

  /** Work while no other tab does. Without Web Locks (old browsers, plain http) only this tab keeps the order. */
  async exclusive<T>(work: () => Promise<T>): Promise<T> {
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    if (!locks) return this.#inTurn(work);
    const taken = Symbol("taken");
    const atOnce = await locks.request(this.name, { ifAvailable: true }, (lock) => (lock ? work() : taken));
    if (atOnce !== taken) return atOnce as T;
    const told = this.#news();
    return (await locks.request(this.name, async () => {
      await Promise.race([told, after(HANDOVER)]); // the lock may be here before the news of what its holder did
      return work();
    })) as T;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const told = () => {
        this.#waiting.delete(told);
        resolve();
      };
      this.#waiting.add(told);
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

export const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
