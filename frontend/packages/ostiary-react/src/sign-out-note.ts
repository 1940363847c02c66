/** Remembers, across reloads and without any secret, that the server has yet to hear of a sign-out. */
export class SignOutNote {
  #isThere = false;

  constructor(private readonly key: string) {}

  get isThere(): boolean {
    return attempt(() => localStorage.getItem(this.key) !== null) ?? this.#isThere;
  }

  write(): void {
    this.#isThere = true;
    attempt(() => localStorage.setItem(this.key, "pending"));
  }

  erase(): void {
    this.#isThere = false;
    attempt(() => localStorage.removeItem(this.key));
  }
}

/** Where a browser keeps nothing for this page, or there is none, memory has to do. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
