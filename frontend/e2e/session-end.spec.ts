import { clock, outage } from "./backend";
import { expect, test } from "./fixtures";
import { begin, fillSignIn, newPerson, signOut } from "./people";

const signInPage = { name: "Sign in" };

test("a session that expires during use leads to sign-in and back", async ({ page, person }) => {
  await begin(page, person, "/dashboard?list=all");
  await page.getByLabel("New task").fill("Too late");
  await clock.advance({ days: 8 });
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("heading", signInPage)).toBeVisible();
  await expect(page.getByText("so your session has ended.")).toBeVisible();
  await expect(page.getByText(person.name)).toHaveCount(0);
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/dashboard?list=all");
  await expect(page.getByText("Nothing to do")).toBeVisible();
});

test("an expired session that the browser still has a cookie of shows no page", async ({ page, person }) => {
  await begin(page, person, "/");
  await clock.advance({ days: 8 });
  await page.goto("/settings/password");
  await expect(page).toHaveURL("/sign-in?next=%2Fsettings%2Fpassword&ended=expired");
  await expect(page.getByText("so your session has ended.")).toBeVisible();
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/settings/password");
});

test("a page left open leaves by itself when its session expires", async ({ page, person }) => {
  await begin(page, person, "/");
  const { session } = await (await page.request.get("/api/auth/get-session")).json();
  await page.clock.install({ time: session.createdAt }); // the clocks of browser and server agree
  await page.goto("/dashboard");
  await page.waitForLoadState("networkidle");
  await expect(page.getByText("Nothing to do")).toBeVisible();
  await clock.advance({ days: 8 });
  await page.clock.fastForward(8 * 24 * 60 * 60 * 1000);
  await expect(page.getByRole("heading", signInPage)).toBeVisible();
});

test("moving to another page after the session has ended leads to sign-in", async ({ page, person }) => {
  await begin(page, person);
  await page.waitForLoadState("networkidle");
  await clock.advance({ days: 8 });
  await page.getByRole("link", { name: "Settings" }).click();
  await expect(page.getByRole("heading", signInPage)).toBeVisible();
});

test("signing out in one tab signs out the other", async ({ page, person, context }) => {
  await begin(page, person);
  const other = await context.newPage();
  await other.goto("/settings");
  await expect(other.getByLabel("Name")).toHaveValue(person.name);
  await signOut(page);
  await expect(other.getByRole("heading", signInPage)).toBeVisible();
  await expect(other.getByText(person.name)).toHaveCount(0);
});

test("a tab of somebody else shows the new person's page", async ({ page, person, context }) => {
  const eve = newPerson("Eve");
  await begin(page, person);
  const other = await context.newPage();
  await begin(other, eve, "/settings");
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expect(page.getByText("Hello, Eve.")).toBeVisible();
  await expect(page.getByText(person.name)).toHaveCount(0);
});

test("a back end that fails is no end of the session", async ({ page, person }) => {
  await begin(page, person);
  await page.waitForLoadState("networkidle");
  await outage.begin(503);
  const asked = page.waitForResponse("**/api/auth/get-session");
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  expect((await asked).status()).toBe(503);
  await expect(page.getByText("Nothing to do")).toBeVisible();
  await outage.end();
});
