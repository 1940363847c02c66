import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createApiClient, type ApiClient, type AuthState } from "../src/index.js";
import { requireGrant } from "../src/grant.js";
import { ADA, BOB, Stage } from "./stage.js";

let stage: Stage;
let api: ApiClient;
const stops: (() => void)[] = [];

beforeEach(async () => {
  stage = await Stage.open();
  api = createApiClient({ baseURL: stage.url });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await stage.close();
});

const start = (client: ApiClient) => stops.push(client.session.start());
const login = (client: ApiClient, who = ADA) => client.session.login({ email: who.email, password: "secret" });
const REFRESH = "POST /api/auth/refresh";

/** Wait until a session is in some state. */
function state(client: ApiClient, wanted: (state: AuthState) => boolean): Promise<AuthState> {
  return vi.waitFor(() => {
    const now = client.session.getState();
    expect(wanted(now), JSON.stringify(now)).toBe(true);
    return now;
  });
}

describe("at the start", () => {
  test("a browser without a session is nobody's, and that is no error", async () => {
    start(api);
    expect(api.session.getState()).toEqual({ user: null, isLoading: true, error: null });
    expect(await state(api, ({ isLoading }) => !isLoading)).toEqual({ user: null, isLoading: false, error: null });
  });

  test("a refresh token in the cookie brings the person back, and requests wait for that", async () => {
    stage.on(REFRESH, () => stage.pair());
    stage.on("GET /tasks", ({ headers }) => ({ json: headers.authorization }));
    start(api);
    expect(await api.get("/tasks")).toBe("Bearer token-1");
    expect(api.session.getState().user).toEqual(ADA);
    expect(stage.count(REFRESH)).toBe(1);
  });

  test("starting twice, as React does in strict mode, asks once", async () => {
    stage.on(REFRESH, () => stage.pair());
    api.session.start()();
    start(api);
    await state(api, ({ user }) => user !== null);
    expect(stage.count(REFRESH)).toBe(1);
  });

  test.each([
    ["cannot be reached", () => "hang up" as const, "NETWORK_ERROR"],
    ["is failing", () => ({ status: 503, json: { detail: "Later", code: "SERVICE_UNAVAILABLE" } }), "SERVICE_UNAVAILABLE"],
    ["is hidden by a portal", () => ({ text: "<html>Welcome to the train" }), "BAD_RESPONSE"],
    ["is hidden by a proxy", () => ({ status: 404, text: "no such host" }), "UNKNOWN_ERROR"],
  ])("nobody is taken for signed out while the server %s, and it is asked again", async (_, failing, code) => {
    stage.on(REFRESH, failing);
    start(api);
    expect(await state(api, ({ error }) => error !== null)).toMatchObject({ user: null, isLoading: true, error: { code } });
    stage.on(REFRESH, () => stage.pair());
    await vi.waitFor(() => expect(api.session.getState()).toMatchObject({ user: ADA, isLoading: false, error: null }), 5000);
  });
});

describe("while signed in", () => {
  test("an answer that got lost is asked for again at once", async () => {
    await login(api);
    let asked = 0;
    stage.on(REFRESH, () => (++asked === 1 ? "hang up" : stage.pair()));
    expect(await api.session.refreshToken()).toEqual({ data: { user: ADA }, error: null });
    expect(asked).toBe(2);
  });

  test.each([
    ["the network is gone", () => "hang up" as const],
    ["the server fails", () => ({ status: 500, text: "Internal Server Error" })],
    ["the server is busy", () => ({ status: 429, json: { code: "TOO_MANY_REQUESTS" } })],
  ])("nobody is signed out because %s", async (_, failing) => {
    await login(api);
    stage.on(REFRESH, failing);
    stage.on("GET /tasks", () => ({ status: 401, json: { code: "EXPIRED_TOKEN" } }));
    await expect(api.get("/tasks")).rejects.toMatchObject({ isTemporary: true });
    expect(api.session.getState()).toMatchObject({ user: ADA, isLoading: false });
    stage.on(REFRESH, () => stage.pair());
    stage.on("GET /tasks", ({ headers }) => (headers.authorization === "Bearer token-2" ? { json: "read" } : { status: 401 }));
    expect(await api.get("/tasks")).toBe("read");
    expect(api.session.getState().error).toBeNull();
  });

  test("who asks while a refresh is under way gets its outcome, a failure as well", async () => {
    await login(api);
    stage.on(REFRESH, () => ({ status: 503, json: { code: "SERVICE_UNAVAILABLE" } }));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => api.session.refreshToken()));
    expect(new Set(outcomes.map(({ error }) => error?.code))).toEqual(new Set(["SERVICE_UNAVAILABLE"]));
    expect(stage.count(REFRESH)).toBe(1);
  });

  test("a minute before the end, or a fifth of a short life, it is time for the next token", () => {
    const ahead = (expires_in: number) => {
      const { expiresAt, refreshAt } = requireGrant({ access_token: "x", expires_in, user: ADA });
      return expiresAt - refreshAt;
    };
    expect([ahead(900), ahead(10)]).toEqual([60_000, 2_000]);
  });

  test("the token is renewed ahead of expiry without anybody asking", async () => {
    stage.on("POST /api/auth/login", () => stage.pair(ADA, 1));
    stage.on(REFRESH, () => stage.pair(ADA, 900));
    start(api);
    await state(api, ({ user }) => user === null);
    await login(api);
    await vi.waitFor(() => expect(stage.count(REFRESH)).toBeGreaterThan(0), 5000);
  });

  test("who is barred is told so", async () => {
    await login(api);
    stage.on(REFRESH, () => ({ status: 403, json: { detail: "You are banned until Monday", code: "ACCOUNT_DISABLED" } }));
    await api.session.refreshToken();
    expect(api.session.getState()).toMatchObject({ user: null, error: { message: "You are banned until Monday" } });
  });

  test("an unchanged person stays the same object", async () => {
    await login(api);
    const { user } = api.session.getState();
    let changes = 0;
    api.session.subscribe(() => (changes += 1));
    stage.on(REFRESH, () => stage.pair({ ...ADA }));
    await api.session.refreshToken();
    expect(api.session.getState().user).toBe(user);
    expect(changes).toBe(0);
    stage.on(REFRESH, () => stage.pair({ ...ADA, name: "Ada L." }));
    await api.session.refreshToken();
    expect(api.session.getState().user?.name).toBe("Ada L.");
  });
});

describe("signing in and out", () => {
  test("a refusal comes back as a value and stands in the state until something works", async () => {
    stage.on("POST /api/auth/login", () => ({ status: 401, json: { detail: "Incorrect email or password", code: "INVALID_EMAIL_OR_PASSWORD" } }));
    start(api);
    await state(api, ({ isLoading }) => !isLoading);
    const { data, error } = await login(api);
    expect(data).toBeNull();
    expect(error).toMatchObject({ code: "INVALID_EMAIL_OR_PASSWORD", message: "Incorrect email or password" });
    expect(api.session.getState()).toEqual({ user: null, isLoading: false, error });
    stage.on("POST /api/auth/login", () => stage.pair());
    expect((await login(api)).data?.user).toEqual(ADA);
    expect(api.session.getState()).toEqual({ user: ADA, isLoading: false, error: null });
  });

  test("asks the server to keep the refresh token in the cookie", async () => {
    await login(api);
    expect(JSON.parse(stage.seen.at(-1)?.body ?? "")).toEqual({ email: ADA.email, password: "secret", use_cookie: true });
  });

  test("a registration gives its additional fields along and says where an address has to be verified first", async () => {
    stage.on("POST /api/auth/signup", () => ({ status: 201, json: { user_id: "x", email: ADA.email, message: "Please verify your email address" } }));
    const { data } = await api.session.register({ email: ADA.email, password: "secret", name: "Ada", plan: "pro" });
    expect(data).toEqual({ user: null, message: "Please verify your email address" });
    expect(JSON.parse(stage.seen.at(-1)?.body ?? "")).toMatchObject({ plan: "pro", use_cookie: true });
    stage.on("POST /api/auth/signup", () => ({ ...(stage.pair() as object), status: 201 }));
    expect((await api.session.register({ email: ADA.email, password: "secret" })).data?.user).toEqual(ADA);
  });

  test("a sign-in waits for the refresh before it, so that its cookie is the later one", async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    stage.on(REFRESH, async () => {
      await held;
      return { status: 401, json: { code: "REFRESH_TOKEN_REQUIRED" } };
    });
    start(api);
    await vi.waitFor(() => expect(stage.count(REFRESH)).toBe(1));
    const signingIn = login(api);
    await api.fetch(`${stage.url}/anything`, { signal: AbortSignal.timeout(50) }).catch(() => undefined);
    expect(stage.count("POST /api/auth/login")).toBe(0);
    answer();
    expect((await signingIn).data?.user).toEqual(ADA);
    expect(api.session.getState().user).toEqual(ADA);
  });

  test("a sign-out counts at once, and a refresh that is under way does not undo it", async () => {
    await login(api);
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    stage.on(REFRESH, async () => {
      await held;
      return stage.pair();
    });
    const refreshing = api.session.refreshToken();
    await vi.waitFor(() => expect(stage.count(REFRESH)).toBe(1));
    const leaving = api.session.logout();
    expect(api.session.getState().user).toBeNull();
    answer();
    expect((await refreshing).data).toBeNull();
    expect((await leaving).error).toBeNull();
    expect(api.session.getState()).toEqual({ user: null, isLoading: false, error: null });
    expect(stage.seen.at(-1)?.path).toBe("/api/auth/logout");
  });

  test("a sign-out without a network holds, and the server hears of it when it is back", async () => {
    await login(api);
    start(api);
    stage.on(REFRESH, () => stage.pair());
    stage.on("POST /api/auth/logout", () => "hang up");
    expect((await api.session.logout()).error).toMatchObject({ code: "NETWORK_ERROR" });
    expect(api.session.getState().user).toBeNull();
    stage.on("POST /api/auth/logout", () => ({ status: 204 }));
    await vi.waitFor(() => expect(stage.count("POST /api/auth/logout")).toBeGreaterThan(1), 5000);
    await state(api, ({ error }) => error === null);
    expect(stage.count(REFRESH)).toBe(0);
  });
});

describe("tabs", () => {
  let other: ApiClient;
  beforeEach(async () => {
    other = createApiClient({ baseURL: stage.url });
    for (const tab of [api, other]) {
      start(tab);
      await state(tab, ({ isLoading }) => !isLoading);
    }
  });

  test("sign in and out together", async () => {
    await login(api);
    expect((await state(other, ({ user }) => user !== null)).user).toEqual(ADA);
    await other.session.logout();
    await state(api, ({ user }) => user === null);
  });

  test("follow when one of them signs in as somebody else", async () => {
    await login(api);
    await state(other, ({ user }) => user?.id === "ada");
    stage.on("POST /api/auth/login", () => stage.pair(BOB));
    await login(other, BOB);
    expect((await state(api, ({ user }) => user?.id === "bob")).user).toEqual(BOB);
  });

  test("share the token that one of them fetched", async () => {
    await login(api);
    await state(other, ({ user }) => user !== null);
    stage.on(REFRESH, () => stage.pair());
    await api.session.refreshToken();
    stage.on("GET /tasks", ({ headers }) => (headers.authorization === "Bearer token-2" ? { json: "read" } : { status: 401 }));
    await vi.waitFor(async () => expect((await other.session.grant())?.accessToken).toBe("token-2"));
    expect(await other.get("/tasks")).toBe("read");
    expect(stage.seen.filter(({ path, headers }) => path === "/tasks" && headers.authorization === "Bearer token-1")).toEqual([]);
  });

  test("learn that the session has ended", async () => {
    await login(api);
    await state(other, ({ user }) => user !== null);
    stage.on(REFRESH, () => ({ status: 401, json: { code: "INVALID_REFRESH_TOKEN" } }));
    await other.session.refreshToken();
    await state(api, ({ user }) => user === null);
  });
});
