import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Person, launch } from "./person.ts";
import { openSite, type Site } from "./site.ts";

const REFRESH = "POST /api/auth/refresh";
const QUARTER = 16 * 60;

let site: Site;
let browser: Browser;
let ada: Person;
let page: Page;

beforeAll(async () => {
  [site, browser] = await Promise.all([openSite(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  await site.backEnd.advance(61); // past the limits of the test before
  ada = await Person.with(browser, site.url, site.backEnd.url);
  page = await ada.open();
});
afterEach(async () => {
  await ada.context.close();
  expect(ada.problems).toEqual([]);
});

/** Everything that a script on the page can read. */
function readable(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const found: unknown[] = [document.cookie, { ...localStorage }, { ...sessionStorage }, databases, await caches.keys()];
    found.push(document.documentElement.outerHTML, history.state, window.name);
    for (const name of Object.getOwnPropertyNames(window)) {
      try {
        found.push(name, JSON.stringify((window as unknown as Record<string, unknown>)[name]));
      } catch {
        found.push(name); // what cannot be written down is the browser's own
      }
    }
    return JSON.stringify(found);
  });
}

/** Back, also to a page that the browser kept, which is not loaded again. */
async function goBack(page: Page): Promise<void> {
  await page.evaluate(() => void setTimeout(() => history.back())); // after this answer: what asks may be gone then
  await page.waitForURL(`${site.url}/`, { waitUntil: "commit" });
}

describe("a day at work", () => {
  test("somebody signs up, writes tasks, reloads, and signs out", async () => {
    await ada.signUp(page);
    await ada.add(page, "Note G");
    await page.getByLabel("Note G", { exact: true }).check();
    await page.screenshot({ path: "e2e/artefacts/tasks.png" });
    await page.reload();
    await ada.seesTasks(page);
    await page.getByText("Note G", { exact: true }).waitFor();
    expect(await page.getByLabel("Note G", { exact: true }).isChecked()).toBe(true);
    await page.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(page);
    await vi.waitFor(async () => expect(await ada.cookie()).toBeUndefined());
    await page.screenshot({ path: "e2e/artefacts/sign-in.png" });
    await page.reload();
    await ada.seesSignIn(page);
  });

  test("the keyboard alone is enough", async () => {
    await ada.signUp(page);
    await page.getByLabel("New task").focus();
    await page.keyboard.type("Weave numbers");
    await page.keyboard.press("Enter");
    await page.getByText("Weave numbers", { exact: true }).waitFor();
    await page.getByLabel("Weave numbers", { exact: true }).focus();
    await page.keyboard.press("Space");
    await vi.waitFor(async () => expect(await page.getByLabel("Weave numbers", { exact: true }).isChecked()).toBe(true));
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("Nothing to do.").waitFor();
  });

  test("a refusal is shown at the form and leaves the address in it", async () => {
    await ada.signUp(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await ada.signIn(page, "wrong");
    await page.getByRole("alert").getByText("Incorrect email or password").waitFor();
    expect(await page.getByLabel("Email").inputValue()).toBe(ada.email);
    await page.screenshot({ path: "e2e/artefacts/refused.png" });
    await ada.signIn(page);
    await ada.seesTasks(page);
  });
});

describe("the access token expires", () => {
  test("during use with many requests in flight, and is refreshed once", async () => {
    await ada.signUp(page);
    for (let n = 0; n < 6; n++) await ada.add(page, `Task ${n}`);
    await site.backEnd.advance(QUARTER);
    const before = ada.count(REFRESH);
    await page.evaluate(() => document.querySelectorAll<HTMLInputElement>("li input").forEach((box) => box.click()));
    await vi.waitFor(() => expect(ada.calls.filter((each) => each.startsWith("PATCH"))).toHaveLength(12), { timeout: 10_000 });
    expect(ada.count(REFRESH) - before).toBe(1);
    await page.reload();
    await vi.waitFor(async () => expect(await page.locator("li input:checked").count()).toBe(6), { timeout: 10_000 });
  });

  test("in several tabs at once, and one of them refreshes for all", async () => {
    await ada.signUp(page);
    await ada.add(page, "Shared");
    const tabs = [page, ...(await Promise.all([ada.open(), ada.open(), ada.open()]))];
    for (const tab of tabs) await tab.getByText("Shared", { exact: true }).waitFor();
    await site.backEnd.advance(QUARTER);
    const before = ada.count(REFRESH);
    await Promise.all(
      tabs.map(async (tab, n) => {
        await tab.getByLabel("New task").fill(`From tab ${n}`);
        await tab.getByRole("button", { name: "Add" }).press("Enter");
        await tab.getByText(`From tab ${n}`, { exact: true }).waitFor();
      }),
    );
    expect(ada.count(REFRESH) - before).toBe(1);
  });

  test("with the session, which is said", async () => {
    await ada.signUp(page);
    const other = await ada.open();
    await ada.seesTasks(other);
    await site.backEnd.advance(8 * 24 * 3600);
    await page.getByLabel("New task").fill("Too late");
    await page.getByRole("button", { name: "Add" }).click();
    await ada.seesSignIn(page);
    await page.getByRole("status").getByText("Your session has ended").waitFor();
    await ada.seesSignIn(other);
  });

  test("by a server clock that is a day ahead of the browser's, which does not matter", async () => {
    await page.clock.setSystemTime(Date.now() - 24 * 3600 * 1000);
    await ada.signUp(page);
    await ada.add(page, "Yesterday");
    expect(ada.count(REFRESH)).toBe(1); // the one that found nobody
  });
});

describe("tabs", () => {
  test("sign in and out together", async () => {
    const other = await ada.open();
    await ada.seesSignIn(other);
    await ada.signUp(page);
    await ada.seesTasks(other);
    await other.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(page);
    await page.reload();
    await ada.seesSignIn(page);
  });

  test("that open and reload at the same moment race with one cookie, and nobody is signed out", async () => {
    await ada.signUp(page);
    const tabs = [page, ...(await Promise.all(Array.from({ length: 4 }, () => ada.open())))];
    for (let round = 0; round < 3; round++) {
      await Promise.all(tabs.map((tab) => tab.reload()));
      for (const tab of tabs) await ada.seesTasks(tab);
    }
    await site.backEnd.advance(QUARTER); // past the time for which used refresh tokens are forgiven
    await page.reload();
    await ada.seesTasks(page);
  });

  test("that are reloaded before the answer of a refresh came stay signed in", async () => {
    await ada.signUp(page);
    for (let n = 0; n < 5; n++) {
      const asked = page.waitForRequest(/refresh$/);
      await page.reload({ waitUntil: "commit" });
      await asked;
    }
    await page.reload();
    await ada.seesTasks(page);
    await site.backEnd.advance(QUARTER);
    await page.reload();
    await ada.seesTasks(page);
  });

  test("show what was written as text, however it looks", async () => {
    await ada.signUp(page);
    const attack = `<img src=x onerror="document.title='stolen'">`;
    await ada.add(page, attack);
    await page.reload();
    await page.getByText(attack, { exact: true }).waitFor();
    expect(await page.title()).toBe("Tasks");
  });
});

describe("a script that got onto the page", () => {
  test("finds no token in anything that it can read", async () => {
    await ada.signUp(page);
    await page.reload();
    await ada.seesTasks(page);
    const cookie = await ada.cookie();
    expect(cookie).toMatchObject({ httpOnly: true, path: "/api/auth", sameSite: "Lax" });
    const found = await readable(page);
    expect(found).toContain("localStorage"); // it did look around
    expect(found).not.toContain("rt_");
    expect(found).not.toContain(cookie!.value);
    expect(found).not.toMatch(/eyJ[\w-]+\.eyJ/);
  });

  test("does not see the refresh token even in an answer that it asks for", async () => {
    await ada.signUp(page);
    const answer = await page.evaluate(async (api) => {
      const response = await fetch(`${api}/api/auth/refresh`, { method: "POST", credentials: "include" });
      return JSON.stringify([await response.text(), [...response.headers]]);
    }, site.backEnd.url);
    expect(answer).toContain("access_token");
    expect(answer).not.toContain("rt_");
  });
});

describe("back", () => {
  test("after a sign-out shows nothing that was private", async () => {
    await ada.signUp(page);
    await ada.add(page, "Private");
    await page.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(page);
    await page.goto(`${site.url}/elsewhere`);
    await goBack(page);
    await ada.seesSignIn(page);
    expect(await page.getByText("Private").count()).toBe(0);
  });

  test("to a page that the browser kept, after the session ended, shows nothing that was private", async () => {
    await ada.signUp(page);
    await ada.add(page, "Private");
    await page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => (window.name = JSON.stringify([persisted, document.body.innerText])));
    });
    await page.goto(`${site.url}/elsewhere`);
    await page.evaluate((url) => fetch(url, { method: "POST", credentials: "include" }), `${site.backEnd.url}/api/auth/logout`);
    await goBack(page);
    await ada.seesSignIn(page);
    const [wasKept, atOnce] = JSON.parse(await page.evaluate(() => window.name)) as [boolean, string];
    expect(wasKept).toBe(true);
    expect(atOnce).not.toContain("Private");
  });

  test("to a page that the browser kept, while still signed in, goes on", async () => {
    await ada.signUp(page);
    await ada.add(page, "Private");
    await page.goto(`${site.url}/elsewhere`);
    await goBack(page);
    await page.getByText("Private", { exact: true }).waitFor();
  });

  test("to a page that was left before a sign-out in another tab shows nothing that was private", async () => {
    await ada.signUp(page);
    await ada.add(page, "Private");
    await page.goto(`${site.url}/elsewhere`);
    const other = await ada.open();
    await ada.seesTasks(other);
    await other.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(other);
    await goBack(page);
    await ada.seesSignIn(page);
  });
});

describe("while the server", () => {
  const API = /\/api\//;

  test("cannot be reached, nobody is signed out, and it goes on when it is back", async () => {
    await ada.signUp(page);
    await ada.add(page, "Before");
    await ada.context.route(API, (route) => route.abort("internetdisconnected"));
    await page.getByLabel("New task").fill("Meanwhile");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
    await ada.seesTasks(page);
    await page.reload();
    await page.getByRole("alert").getByText("The server cannot be reached").waitFor();
    expect(await page.getByRole("heading", { name: "Sign in" }).count()).toBe(0);
    await page.screenshot({ path: "e2e/artefacts/unreachable.png" });
    await ada.context.unroute(API);
    await page.getByText("Before", { exact: true }).waitFor();
  });

  test("answers 503, nobody is signed out either", async () => {
    await ada.signUp(page);
    await ada.add(page, "Before");
    const headers = { "access-control-allow-origin": site.url, "access-control-allow-credentials": "true" };
    const body = JSON.stringify({ detail: "Service temporarily unavailable", code: "SERVICE_UNAVAILABLE" });
    await ada.context.route(API, (route) => route.fulfill({ status: 503, headers, contentType: "application/json", body }));
    await page.reload();
    await page.getByRole("alert").getByText("Service temporarily unavailable").waitFor();
    await ada.context.unroute(API);
    await page.getByRole("button", { name: "Try now" }).click();
    await page.getByText("Before", { exact: true }).waitFor();
  });

  test("took a refresh and the answer got lost, the next one is answered as well", async () => {
    await ada.signUp(page);
    let lost = 0;
    await ada.context.route(/refresh$/, async (route) => {
      if (lost++ > 0) return route.continue();
      const cookies = await ada.context.cookies(site.backEnd.url + "/api/auth");
      await route.fetch();
      await ada.context.addCookies(cookies); // the browser never saw the answer, nor its cookie
      await route.abort("connectionreset");
    });
    await page.reload();
    await ada.seesTasks(page);
    expect(lost).toBe(2);
  });

  test("is slow, the page waits without showing anything private or a form", async () => {
    await ada.signUp(page);
    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await ada.context.route(/refresh$/, async (route) => {
      await held;
      await route.continue();
    });
    await page.reload();
    await page.getByText("One moment").waitFor();
    expect(await page.getByRole("heading").count()).toBe(0);
    answer();
    await ada.seesTasks(page);
  });

  test("cannot hear of a sign-out, it holds all the same, and is told later", async () => {
    await ada.signUp(page);
    await ada.context.route(API, (route) => route.abort("internetdisconnected"));
    await page.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(page);
    await page.reload();
    await ada.seesSignIn(page);
    expect(await ada.cookie()).toBeDefined();
    await ada.context.unroute(API);
    await vi.waitFor(async () => expect(await ada.cookie()).toBeUndefined(), { timeout: 15_000 });
    await page.reload();
    await ada.seesSignIn(page);
  });
});
