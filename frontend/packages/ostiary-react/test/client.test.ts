import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ApiError, createApiClient, type ApiClient } from "../src/index.js";
import { ADA, BOB, Stage } from "./stage.js";

let stage: Stage;
let api: ApiClient;

beforeEach(async () => {
  stage = await Stage.open();
  api = createApiClient({ baseURL: stage.url });
});
afterEach(() => stage.close());

const refused = (promise: Promise<unknown>): Promise<ApiError> =>
  promise.then(
    () => expect.fail("it was not refused"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      return error as ApiError;
    },
  );

async function signIn() {
  const { error } = await api.session.login({ email: ADA.email, password: "secret" });
  expect(error).toBeNull();
}

/** A route that takes one access token and no other. */
function protect(route: string, token: () => string) {
  stage.on(route, ({ headers, body }) =>
    headers.authorization === `Bearer ${token()}`
      ? { json: { read: true, body } }
      : { status: 401, json: { detail: "Token error: expired-token", code: "EXPIRED_TOKEN" } },
  );
}

describe("requests", () => {
  test("carry the access token of the sign-in and no cookie", async () => {
    await signIn();
    protect("GET /tasks", () => "token-1");
    expect(await api.get("/tasks")).toEqual({ read: true, body: "" });
    expect(stage.seen.at(-1)?.headers.cookie).toBeUndefined();
  });

  test("leave the browser's cookies at home, on the server's own origin as well", async () => {
    const given: string[] = [];
    const own = createApiClient({
      baseURL: stage.url,
      fetch: (input, init) => {
        given.push(new Request(input, init).credentials);
        return fetch(input, init);
      },
    });
    stage.on("GET /public", () => ({ json: "for everybody" }));
    await own.get("/public");
    expect(given).toEqual(["include", "omit"]); // the refresh before it, and the request
  });

  test("send objects as JSON and forms as they are", async () => {
    stage.on("POST /echo", ({ headers, body }) => ({ json: { type: headers["content-type"], body } }));
    expect(await api.post("/echo", { title: "é" })).toEqual({ type: "application/json", body: '{"title":"é"}' });
    expect(await api.post("/echo", new URLSearchParams({ a: "b c" }))).toEqual({
      type: "application/x-www-form-urlencoded;charset=UTF-8",
      body: "a=b+c",
    });
    const form = new FormData();
    form.set("file", new Blob(["hello"]), "hello.txt");
    const { type, body } = await api.post<{ type: string; body: string }>("/echo", form);
    expect(type).toMatch(/^multipart\/form-data; boundary=/);
    expect(body).toContain("hello.txt");
  });

  test("put what is asked into the query, and leave out what is undefined", async () => {
    stage.on("GET /tasks", ({ path }) => ({ json: path }));
    expect(await api.get("/tasks", { query: { limit: 5, q: "a&b", done: undefined } })).toBe("/tasks?limit=5&q=a%26b");
  });

  test("give back undefined for an empty answer and text for what is no JSON", async () => {
    stage.on("DELETE /tasks/1", () => ({ status: 204 }));
    stage.on("GET /hello", () => ({ text: "hello" }));
    expect(await api.delete("/tasks/1")).toBeUndefined();
    expect(await api.get("/hello")).toBe("hello");
  });

  test("take the token to no origin that was not named", async () => {
    await signIn();
    const other = await Stage.open();
    other.on("GET /x", ({ headers }) => ({ json: headers.authorization ?? null }));
    await expect(api.get(`${other.url}/x`)).rejects.toThrow("name it in `origins`");
    expect(other.seen).toEqual([]);
    const both = createApiClient({ baseURL: stage.url, origins: [other.url] });
    await both.session.login({ email: ADA.email, password: "secret" });
    expect(await both.get(`${other.url}/x`)).toMatch(/^Bearer token-/);
    await other.close();
  });

  test("that are refused reject with status, code, sentence and the seconds to wait", async () => {
    stage.on("GET /busy", () => ({ status: 429, json: { detail: "Slow down", code: "TOO_MANY_REQUESTS" }, headers: { "retry-after": "7" } }));
    const error = await refused(api.get("/busy"));
    expect(error).toMatchObject({ status: 429, code: "TOO_MANY_REQUESTS", message: "Slow down", retryAfter: 7, isTemporary: true });
  });

  test.each([
    ["FastAPI's own validation", { detail: [{ loc: ["body", "title"], msg: "Field required" }] }, "UNKNOWN_ERROR", "Field required"],
    ["Better Auth's shape", { message: "Invalid origin", code: "INVALID_ORIGIN" }, "INVALID_ORIGIN", "Invalid origin"],
    ["nothing at all", undefined, "UNKNOWN_ERROR", "The server answered 422"],
  ])("understand %s", async (_, json, code, message) => {
    stage.on("POST /tasks", () => ({ status: 422, json }));
    expect(await refused(api.post("/tasks", {}))).toMatchObject({ status: 422, code, message });
  });

  test("that get no answer, or no JSON where JSON was announced, are errors of their own", async () => {
    stage.on("GET /gone", () => "hang up");
    stage.on("GET /broken", () => ({ text: "<html>", headers: { "content-type": "application/json" } }));
    expect(await refused(api.get("/gone"))).toMatchObject({ status: 0, code: "NETWORK_ERROR", isTemporary: true });
    expect(await refused(api.get("/broken"))).toMatchObject({ code: "BAD_RESPONSE" });
  });

  test("work for libraries that take a fetch, where a refusal is an answer", async () => {
    await signIn();
    protect("GET /tasks", () => "token-1");
    expect((await api.fetch(new Request(`${stage.url}/tasks`))).status).toBe(200);
    expect((await api.fetch("/nowhere")).status).toBe(404);
  });
});

describe("a token that the server no longer takes", () => {
  test("is refreshed once for all requests in flight, and each is sent once more with its body", async () => {
    await signIn();
    protect("POST /tasks", () => "token-2");
    stage.on("POST /api/auth/refresh", () => stage.pair());
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => api.post<{ body: string }>("/tasks", { n })));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 20 }, (_, n) => `{"n":${n}}`));
    expect(stage.count("POST /api/auth/refresh")).toBe(1);
    expect(stage.count("POST /tasks")).toBe(40);
  });

  test("is not refreshed again for a request that comes back after the others", async () => {
    await signIn();
    stage.on("POST /api/auth/refresh", () => stage.pair());
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    stage.on("GET /slow", async ({ headers }) => {
      if (headers.authorization === "Bearer token-2") return { json: "read" };
      await held;
      return { status: 401, json: { code: "EXPIRED_TOKEN" } };
    });
    protect("GET /quick", () => "token-2");
    const slow = api.get("/slow");
    await api.get("/quick");
    release();
    expect(await slow).toBe("read");
    expect(stage.count("POST /api/auth/refresh")).toBe(1);
  });

  test("ends in a sign-out where a fresh one is refused as well", async () => {
    await signIn();
    protect("GET /tasks", () => "none that it ever gets");
    stage.on("POST /api/auth/refresh", () => stage.pair());
    expect(await refused(api.get("/tasks"))).toMatchObject({ status: 401, code: "EXPIRED_TOKEN" });
    expect(stage.count("GET /tasks")).toBe(2);
    expect(stage.count("POST /api/auth/logout")).toBe(1);
    expect(api.session.getState()).toMatchObject({ user: null, isLoading: false });
  });

  test("and a session that has ended sign the person out, with the reason", async () => {
    await signIn();
    protect("GET /tasks", () => "none that it ever gets");
    stage.on("POST /api/auth/refresh", () => ({ status: 401, json: { detail: "Invalid refresh token", code: "INVALID_REFRESH_TOKEN" } }));
    expect(await refused(api.get("/tasks"))).toMatchObject({ status: 401, code: "EXPIRED_TOKEN" });
    expect(api.session.getState()).toMatchObject({ user: null, error: { code: "SESSION_ENDED" } });
    await refused(api.get("/tasks"));
    expect(stage.seen.at(-1)?.headers.authorization).toBeUndefined();
  });

  test("never has a request of one person repeated as the next", async () => {
    await signIn();
    stage.on("POST /api/auth/login", () => stage.pair(BOB));
    stage.on("POST /tasks", async ({ headers }) => {
      if (headers.authorization !== "Bearer token-1") return { json: "done as somebody else" };
      await api.session.login({ email: BOB.email, password: "secret" });
      return { status: 401, json: { code: "EXPIRED_TOKEN" } };
    });
    expect(await refused(api.post("/tasks", { title: "Ada's" }))).toMatchObject({ code: "SIGNED_OUT" });
    expect(stage.count("POST /tasks")).toBe(1);
  });

  test("is refreshed ahead of its expiry, whatever the clock of the server says", async () => {
    stage.on("POST /api/auth/login", () => stage.pair(ADA, 0));
    stage.on("POST /api/auth/refresh", () => stage.pair());
    await signIn();
    protect("GET /tasks", () => "token-2");
    await api.get("/tasks");
    expect(stage.count("GET /tasks")).toBe(1);
  });
});

describe("aborting", () => {
  test("a request gives its own reason and leaves the refresh to the others", async () => {
    await signIn();
    protect("GET /tasks", () => "token-2");
    const aborting = new AbortController();
    stage.on("POST /api/auth/refresh", () => {
      aborting.abort(new Error("the page was left"));
      return stage.pair();
    });
    const [left, stayed] = await Promise.allSettled([
      api.get("/tasks", { signal: aborting.signal }),
      api.get("/tasks"),
    ]);
    expect(left).toMatchObject({ status: "rejected", reason: { message: "the page was left" } });
    expect(stayed).toMatchObject({ status: "fulfilled" });
    expect(stage.count("GET /tasks")).toBe(3);
  });

  test("does not wait for a refresh that takes its time", async () => {
    await signIn();
    protect("GET /tasks", () => "token-2");
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    const aborting = new AbortController();
    stage.on("POST /api/auth/refresh", async () => {
      aborting.abort(new Error("the page was left"));
      await held;
      return stage.pair();
    });
    await expect(api.get("/tasks", { signal: aborting.signal })).rejects.toThrow("the page was left");
    answer();
    expect((await api.session.refreshToken()).error).toBeNull();
  });

  test("before it was sent sends nothing", async () => {
    await signIn();
    await expect(api.get("/tasks", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
    expect(stage.count("GET /tasks")).toBe(0);
  });
});
