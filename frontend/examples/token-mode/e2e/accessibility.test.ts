import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, launch } from "./person.ts";
import { openSite, type Site } from "./site.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site: Site;
let browser: Browser;

beforeAll(async () => {
  [site, browser] = await Promise.all([openSite(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

test.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 360],
] as const)("every state of the page passes axe (%s, %i wide)", async (colorScheme, width) => {
  await site.backEnd.advance(61);
  const ada = await Person.with(browser, site.url, site.backEnd.url);
  const page = await ada.open();
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height: 740 });
  const picture = (name: string) => page.screenshot({ path: `e2e/artefacts/${name}-${colorScheme}-${width}.png` });

  await ada.seesSignIn(page);
  expect(await violations(page)).toEqual([]);
  await ada.signIn(page, "wrong");
  await page.getByRole("alert").waitFor();
  expect(await violations(page)).toEqual([]);
  await picture("refused");
  await ada.signUp(page);
  await ada.add(page, "A task whose title is long enough to need more than one line on a telephone, and then some");
  await ada.add(page, "Done");
  await page.getByLabel("Done", { exact: true }).check();
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await picture("tasks");
  await ada.context.route(/\/api\//, (route) => route.abort());
  await page.reload();
  await page.getByRole("alert").waitFor();
  expect(await violations(page)).toEqual([]);
  await picture("unreachable");
  await ada.context.close();
});
