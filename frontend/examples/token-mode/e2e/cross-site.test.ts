import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Person, launch } from "./person.ts";
import { openSite, type Site } from "./site.ts";

// localhost and 127.0.0.1 are two sites, as two domains are.
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe("a front end on another site", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite("localhost", { OSTIARY_CROSS_SITE: "1" });
  });
  afterAll(() => site?.close());

  test("keeps people signed in over a reload, by a cookie that is for this front end alone", async () => {
    const ada = await Person.with(browser, site.url, site.backEnd.url);
    const page = await ada.open();
    await ada.signUp(page);
    await ada.add(page, "Across");
    await page.reload();
    await page.getByText("Across", { exact: true }).waitFor();
    expect(await ada.cookie()).toMatchObject({ httpOnly: true, secure: true, sameSite: "None", partitionKey: "http://localhost" });
    const cookies = await ada.context.cookies(site.backEnd.url);
    // strangers cannot lock its owner out, and the next sign-in here is no news
    for (const device of [".device", ".known_device"]) {
      expect(cookies.find(({ name }) => name.endsWith(device))).toMatchObject({ httpOnly: true, sameSite: "None" });
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await ada.seesSignIn(page);
    await page.reload();
    await ada.seesSignIn(page);
    await ada.context.close();
  });
});

describe("without the server's option", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite("localhost");
  });
  afterAll(() => site?.close());

  test("a browser keeps no cookie for another site, so a reload signs out", async () => {
    const ada = await Person.with(browser, site.url, site.backEnd.url);
    const page = await ada.open();
    await ada.signUp(page);
    expect(await ada.cookie()).toBeUndefined();
    await page.reload();
    await ada.seesSignIn(page);
    await ada.context.close();
  });
});
