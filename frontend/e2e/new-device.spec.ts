import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser } from "@playwright/test";
import { expect, test, type Page } from "./fixtures";
import { linkIn } from "./mailbox";
import { begin, fillSignIn, signIn, type Person } from "./people";
import { freePort } from "./ports";
import { answers, FRONTEND, PYTHON, start, stop } from "./processes";

const NEW_PASSWORD = "Another-horse-9-staple";

/** A browser that never was there before, on the same pages. */
async function newBrowser(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext({ baseURL: new URL(page.url()).origin });
  return context.newPage();
}

/** The button in the mail about a new browser, and the link in the mail that follows. */
async function disown(page: Page, { email }: Person): Promise<void> {
  await page.goto(await linkIn(email, "new-device"));
  await page.getByRole("button", { name: "Yes, sign everybody out" }).click();
  await expect(page.getByText("We have sent you a link to choose a new password.")).toBeVisible();
  await page.goto(await linkIn(email, "reset-password"));
  await page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  expect(page.url()).not.toContain("token");
}

test("a sign-in that was somebody else's leads from the mail to a new password", async ({ page, person, browser }) => {
  await begin(page, person);
  const eve = await newBrowser(browser, page);
  await signIn(eve, person);
  await disown(page, person);
  await fillSignIn(page, { ...person, password: NEW_PASSWORD });
  await expect(page).toHaveURL("/dashboard");

  await eve.goto("/settings");
  await expect(eve.getByRole("main").getByRole("status")).toContainText("reported as somebody else's");
  await fillSignIn(eve, person);
  await expect(eve.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/is wrong/);
  await eve.context().close();
});

/** Sign up or in on the page of the example itself. */
async function enter(page: Page, form: "sign-up" | "sign-in", { name, email, password }: Person): Promise<void> {
  const fields = page.locator(`#${form}`);
  if (form === "sign-up") await fields.getByLabel("Name").fill(name);
  await fields.getByLabel("Email").fill(email);
  await fields.getByLabel("Password").fill(password);
  await fields.getByRole("button").click();
  await expect(page.getByText(`Signed in as ${name}`)).toBeVisible();
}

test("without a front end the example's own page asks for the new password", async ({ page, person, browser }) => {
  const folder = mkdtempSync(path.join(tmpdir(), "tasks-"));
  const port = await freePort();
  const before = process.env.BACKEND_URL;
  const own = { PORT: port, DATABASE_URL: `sqlite:///${folder}/app.db` };
  const server = start(PYTHON, ["-m", "examples.tasks"], path.join(FRONTEND, ".."), own);
  try {
    process.env.BACKEND_URL = `http://127.0.0.1:${port}`;
    await answers(`${process.env.BACKEND_URL}/api/auth/ok`);
    await page.goto(process.env.BACKEND_URL);
    await enter(page, "sign-up", person);
    const eve = await newBrowser(browser, page);
    await eve.goto("/");
    await enter(eve, "sign-in", person);
    await disown(page, person);
    await enter(page, "sign-in", { ...person, password: NEW_PASSWORD });
    await eve.reload();
    await expect(eve.locator("#sign-in")).toBeVisible();
    await eve.context().close();
    await page.goto(await linkIn(person.email, "reset-password"));
    await expect(page.getByText("This link is not valid, or it was used already.")).toBeVisible();
  } finally {
    process.env.BACKEND_URL = before;
    await stop(server);
    rmSync(folder, { recursive: true });
  }
});
