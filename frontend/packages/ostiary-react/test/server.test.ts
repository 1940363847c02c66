import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApiClient, type ApiClient } from "../src/index.js";
import { startBackEnd, type BackEnd } from "./back-end.js";
import { Browser } from "./browser.js";

let server: BackEnd;
let browser: Browser;
let api: ApiClient;
let number = 0;

beforeAll(async () => {
  server = await startBackEnd();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.advance(61); // past the limits of the test before
  browser = new Browser();
  api = tab();
});

const PASSWORD = "Analytical-Engine-1";
const person = () => ({ email: `ada-${++number}@example.com`, password: PASSWORD, name: "Ada" });
const tab = () => createApiClient({ baseURL: server.url, fetch: browser.fetch });
const TOO_LATE = 8 * 24 * 3600;

interface TaskPage {
  items: { id: number; title: string }[];
}

describe("against the real server", () => {
  test("somebody registers, works, comes back after a reload and signs out", async () => {
    const ada = person();
    const { data, error } = await api.session.register(ada);
    expect(error).toBeNull();
    expect(data?.user).toMatchObject({ email: ada.email, name: "Ada", role: "user" });
    await api.post("/api/tasks", { title: "Note G" });
    const reloaded = tab();
    const { items } = await reloaded.get<TaskPage>("/api/tasks");
    expect(items.map(({ title }) => title)).toEqual(["Note G"]);
    expect((await reloaded.session.logout()).error).toBeNull();
    expect(browser.cookies.has("better-auth.refresh_token")).toBe(false);
    await expect(tab().get("/api/tasks")).rejects.toMatchObject({ status: 401 });
  });

  test("refusals carry the codes of the server", async () => {
    const ada = person();
    expect((await api.session.register({ ...ada, password: "lower-case-1" })).error).toMatchObject({
      status: 400,
      code: "PASSWORD_MISSING_UPPERCASE",
    });
    await api.session.register(ada);
    expect((await api.session.register(ada)).error?.code).toBe("USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL");
    expect((await tab().session.login({ ...ada, password: "wrong" })).error).toMatchObject({
      status: 401,
      code: "INVALID_EMAIL_OR_PASSWORD",
      message: "Incorrect email or password",
    });
  });

  test("an access token that expires during use is refreshed once for all requests", async () => {
    await api.session.register(person());
    await server.advance(16 * 60);
    browser.sent.length = 0;
    await Promise.all(Array.from({ length: 10 }, (_, n) => api.post("/api/tasks", { title: `Task ${n}` })));
    expect(browser.sent.filter((each) => each === "POST /api/auth/refresh")).toHaveLength(1);
    expect((await api.get<TaskPage>("/api/tasks")).items).toHaveLength(10);
  });

  test("tabs that refresh at the same moment with the same cookie all stay signed in", async () => {
    await api.session.register(person());
    const tabs = Array.from({ length: 5 }, tab);
    const outcomes = await Promise.all(tabs.map((each) => each.session.refreshToken()));
    expect(outcomes.map(({ error }) => error)).toEqual(Array(5).fill(null));
    await server.advance(16 * 60);
    for (const each of tabs) expect((await each.session.refreshToken()).data?.user).toBeDefined();
  });

  test("a refresh token that was stolen and used ends the session of both", async () => {
    await api.session.register(person());
    const thief = new Browser();
    for (const [name, cookie] of browser.cookies) thief.cookies.set(name, { ...cookie });
    await api.session.refreshToken();
    await server.advance(60);
    const stolen = createApiClient({ baseURL: server.url, fetch: thief.fetch });
    expect((await stolen.session.refreshToken()).data).toBeNull();
    await api.session.refreshToken();
    expect(api.session.getState()).toMatchObject({ user: null, error: { code: "SESSION_ENDED" } });
  });

  test("a session that nobody used for a week has ended", async () => {
    await api.session.register(person());
    await server.advance(TOO_LATE);
    await expect(api.get("/api/tasks")).rejects.toMatchObject({ status: 401, code: "EXPIRED_TOKEN" });
    expect(api.session.getState()).toMatchObject({ user: null, error: { code: "SESSION_ENDED" } });
  });

  test("a page of an origin that is not trusted can neither sign in nor refresh", async () => {
    const ada = person();
    await api.session.register(ada);
    const elsewhere = new Browser("https://evil.example");
    for (const [name, cookie] of browser.cookies) elsewhere.cookies.set(name, { ...cookie });
    const theirs = createApiClient({ baseURL: server.url, fetch: elsewhere.fetch });
    expect((await theirs.session.login(ada)).error).toMatchObject({ status: 403, code: "INVALID_ORIGIN" });
    expect((await theirs.session.refreshToken()).error).toMatchObject({ status: 403, code: "INVALID_ORIGIN" });
    expect((await api.session.refreshToken()).data?.user).toBeDefined();
  });

  test("the cookie goes to the auth routes alone, and no answer shows the refresh token", async () => {
    const shown: string[] = [];
    const listening = createApiClient({
      baseURL: server.url,
      fetch: async (input, init) => {
        const answer = await browser.fetch(input, init);
        shown.push(await answer.clone().text());
        return answer;
      },
    });
    await listening.session.register(person());
    await listening.session.refreshToken();
    const cookie = browser.cookies.get("better-auth.refresh_token");
    expect(cookie?.path).toBe("/api/auth");
    expect(cookie?.value).toMatch(/^rt_/);
    expect(shown.join()).not.toContain("rt_");
  });
});
