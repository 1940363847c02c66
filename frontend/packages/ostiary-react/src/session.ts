import type { AuthRoutes } from "./auth-routes.js";
import { ApiError } from "./errors.js";
import { type Grant, type User, requireGrant } from "./grant.js";
import { SignOutNote } from "./sign-out-note.js";
import { Tabs, after, type News } from "./tabs.js";
import { Watch } from "./watch.js";
import type { components } from "./wire.js";

type Schemas = components["schemas"];

export interface Credentials {
  email: string;
  password: string;
}

/** A new person; additional fields of the server's configuration go beside these. */
export type Registration = Credentials & { name?: string } & Record<string, unknown>;

export interface AuthState {
  /** Who is signed in; null while that is unknown, and when nobody is. */
  readonly user: User | null;
  /** True until it is known who is signed in: also while the server cannot be reached (see `error`). */
  readonly isLoading: boolean;
  /** What went wrong last; null again with the next thing that works. */
  readonly error: ApiError | null;
}

/** What became of a call. It never rejects, so that a form needs no `try`. */
export type Outcome<T> = { data: T; error: null } | { data: null; error: ApiError };

export interface SignedIn {
  user: User;
}

/** `user` is null where the server wants the address verified first; `message` says so. */
export interface Registered {
  user: User | null;
  message: string | null;
}

const AGAIN = 500; // milliseconds
const LOADING: AuthState = { user: null, isLoading: true, error: null };
/** The only refusals of a refresh that say that the session is over. All else may be the way there. */
const OVER = new Set<string>(["INVALID_REFRESH_TOKEN", "REFRESH_TOKEN_REQUIRED", "ACCOUNT_DISABLED"]);

/** Who is signed in, and the access token that says so; the token is in this object and nowhere else. */
export class Session {
  #state = LOADING;
  #grant: Grant | null = null;
  #refreshing: Promise<Grant | null> | null = null;
  #word = 0;
  #users = 0;
  readonly #listeners = new Set<() => void>();
  readonly #routes: AuthRoutes;
  readonly #tabs: Tabs;
  readonly #watch: Watch;
  readonly #note: SignOutNote;

  constructor(routes: AuthRoutes) {
    this.#routes = routes;
    this.#tabs = new Tabs(`ostiary ${routes.url}`, (news) => this.#hear(news));
    this.#note = new SignOutNote(`ostiary.sign-out ${routes.url}`);
    this.#watch = new Watch({
      refresh: () => void this.refreshToken(),
      hide: () => this.#become(null, null, true),
    });
  }

  readonly getState = (): AuthState => this.#state;
  readonly getServerState = (): AuthState => LOADING;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Look after the session until the returned function is called: other tabs, expiry, the network. */
  readonly start = (): (() => void) => {
    if (this.#users++ === 0) {
      this.#tabs.open();
      this.#watch.start();
      if (this.#state.isLoading) void this.refreshToken();
    }
    return () => {
      if (--this.#users > 0) return;
      this.#tabs.close();
      this.#watch.stop();
    };
  };

  readonly login = async ({ email, password }: Credentials): Promise<Outcome<SignedIn>> =>
    this.#outcome(async () => {
      const grant = requireGrant(await this.#post("/login", { email, password, use_cookie: true } satisfies Schemas["Login"]));
      this.#signedIn(grant);
      return { user: grant.user };
    });

  readonly register = async (person: Registration): Promise<Outcome<Registered>> =>
    this.#outcome(async () => {
      const body = await this.#post("/signup", { ...person, use_cookie: true } satisfies Schemas["SignUp"]);
      const { message } = body as Partial<Schemas["UserRegistered"]>;
      if (typeof message === "string") return { user: null, message };
      const grant = requireGrant(body);
      this.#signedIn(grant);
      return { user: grant.user, message: null };
    });

  /** Sign out here and in every tab at once; an error says that the server does not know yet and will be told. */
  readonly logout = async (): Promise<Outcome<null>> => {
    const token = this.#grant?.accessToken;
    this.#note.write();
    this.#become(null);
    this.#tabs.tell({ is: "signed-out" });
    return this.#outcome(async () => {
      try {
        return await this.#tabs.exclusive(async () => (this.#note.isThere ? this.#tellOfSignOut(token) : null));
      } catch (error) {
        throw this.#unreached(error as ApiError);
      }
    });
  };

  /** Ask for a new access token and for the user as the server knows them now. */
  readonly refreshToken = async (): Promise<Outcome<SignedIn | null>> => {
    try {
      const grant = await this.refresh();
      return { data: grant && { user: grant.user }, error: null };
    } catch (error) {
      return { data: null, error: error as ApiError };
    }
  };

  /** The access token to send now, refreshed where it is about to expire; null where nobody is signed in. */
  async grant(): Promise<Grant | null> {
    if (this.#state.isLoading) return this.refresh();
    const grant = this.#grant;
    if (grant === null || Date.now() < grant.refreshAt) return grant;
    try {
      return await this.refresh();
    } catch (error) {
      if (Date.now() < grant.expiresAt && this.#grant === grant) return grant;
      throw error;
    }
  }

  /** The grant after one that was refused: there may be a newer one already. Null: signed out. */
  async grantAfter(refused: Grant): Promise<Grant | null> {
    return this.#grant === refused ? this.refresh() : this.#grant;
  }

  /** One refresh at a time, for all who ask; rejects where nobody can tell who is signed in. */
  refresh(): Promise<Grant | null> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<Grant | null> {
    const word = this.#word;
    try {
      const grant = await this.#tabs.exclusive(async () => (this.#word === word ? this.#refreshInTurn() : this.#grant));
      this.#watch.reached();
      return grant;
    } catch (error) {
      throw this.#unreached(error as ApiError);
    }
  }

  async #refreshInTurn(): Promise<Grant | null> {
    const word = this.#word;
    if (this.#note.isThere) return this.#tellOfSignOut();
    try {
      const grant = requireGrant(await patiently(() => this.#routes.post("/refresh")));
      if (this.#word !== word) return this.#grant; // signed out while the answer was on its way
      this.#become(grant);
      this.#tabs.tell({ is: "refreshed", grant });
    } catch (error) {
      if (!(error instanceof ApiError && OVER.has(error.code))) throw error;
      if (this.#word === word) this.#over(error);
    }
    return this.#grant;
  }

  #over(refusal: ApiError): void {
    const wasSignedIn = this.#grant !== null;
    if (wasSignedIn) this.#tabs.tell({ is: "signed-out" });
    if (refusal.status === 403) return this.#become(null, refusal);
    const over = new ApiError("SESSION_ENDED", "Your session has ended", { status: refusal.status, cause: refusal });
    this.#become(null, wasSignedIn ? over : null);
  }

  /** Until the server has heard of it, the cookie is still worth a session: even after a reload. */
  async #tellOfSignOut(token?: string): Promise<null> {
    if (this.#state.isLoading) this.#become(null);
    await this.#routes.post("/logout", { token }).catch((error: unknown) => {
      if (!(error instanceof ApiError && (error.status === 401 || error.status === 403))) throw error;
    });
    this.#note.erase();
    this.#set({ ...this.#state, error: null });
    return null;
  }

  #unreached(problem: ApiError): ApiError {
    this.#set({ ...this.#state, error: problem });
    this.#watch.failed(problem.retryAfter);
    return problem;
  }

  /** A call that changes the cookie waits for the one before it: the later answer must be the later word. */
  #post(path: string, json: object): Promise<unknown> {
    return this.#tabs.exclusive(() => this.#routes.post(path, { json }));
  }

  async #outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
    try {
      const data = await work();
      if (this.#state.error) this.#set({ ...this.#state, error: null });
      return { data, error: null };
    } catch (error) {
      this.#set({ ...this.#state, error: error as ApiError });
      return { data: null, error: error as ApiError };
    }
  }

  #signedIn(grant: Grant): void {
    this.#note.erase();
    this.#become(grant);
    this.#tabs.tell({ is: "signed-in", grant });
  }

  #hear(news: News): void {
    if (news.is === "signed-out") this.#become(null);
    else if (news.is === "signed-in" || this.#state.isLoading || this.#grant?.user.id === news.grant.user.id)
      this.#become(news.grant);
  }

  /** The last word about who is signed in; an answer that was asked for before it no longer counts. */
  #become(grant: Grant | null, error: ApiError | null = null, isLoading = false): void {
    this.#word += 1;
    this.#grant = grant;
    this.#watch.expect(grant);
    this.#set({ user: grant?.user ?? null, isLoading, error });
  }

  #set(next: AuthState): void {
    const { user, isLoading, error } = this.#state;
    // an unchanged person stays the same object, so that nothing is drawn anew at each refresh
    const same = user !== null && JSON.stringify(user) === JSON.stringify(next.user);
    if (same) next = { ...next, user };
    if (next.user === user && next.isLoading === isLoading && next.error === error) return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
  }
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 0)) throw error;
    await after(AGAIN);
    return ask();
  }
}
