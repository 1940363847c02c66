import { expect, test, type Page } from "./fixtures";
import { clock } from "./backend";
import { begin, fillSignIn, newPerson, signOut } from "./people";

const toast = (page: Page, text: string) => expect(page.getByRole("status", { name: "Notifications" })).toContainText(text);

test("a person changes the name", async ({ page, person }) => {
  await begin(page, person, "/settings");
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByRole("button", { name: "Save" }).click();
  await toast(page, "Your name is changed.");
  await expect(page.getByRole("banner")).toContainText("Grace Hopper");
  await page.reload();
  await expect(page.getByLabel("Name")).toHaveValue("Grace Hopper");
});

test("a person changes the password, and signs in with the new one alone", async ({ page, person }) => {
  await begin(page, person, "/settings/password");
  const current = page.getByLabel("Current password", { exact: true });
  const chosen = page.getByLabel("New password", { exact: true });
  await current.fill("not the password");
  await chosen.fill("Another-horse-9-staple");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(current).toHaveAccessibleDescription("This is not your password.");
  await expect(current).toBeFocused();

  await current.fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await toast(page, "Your password is changed.");
  await expect(current).toHaveValue("");

  await signOut(page);
  await page.goto("/sign-in?next=/settings");
  await fillSignIn(page, person);
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/wrong/);
  await fillSignIn(page, { ...person, password: "Another-horse-9-staple" });
  await expect(page).toHaveURL("/settings");
});

test("sessions name device and address; one or all others are ended", async ({ page, person, browser }) => {
  await begin(page, person);
  const phones = [];
  for (const userAgent of [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
  ]) {
    const context = await browser.newContext({ userAgent });
    const other = await context.newPage();
    await other.goto("/sign-in");
    await fillSignIn(other, person);
    await expect(other).toHaveURL("/dashboard");
    phones.push(other);
  }
  const [iphone, firefox] = phones as [Page, Page];

  await page.goto("/settings/sessions");
  const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
  await expect(sessions).toHaveCount(3);
  await expect(sessions.filter({ hasText: "This device" })).toContainText("127.0.0.1");

  await page.getByRole("button", { name: "Sign out Safari on iOS" }).click();
  await toast(page, "That device is signed out.");
  await expect(sessions).toHaveCount(2);
  await iphone.reload();
  await expect(iphone.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await expect(sessions).toHaveCount(2);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(sessions).toHaveCount(1);
  await firefox.reload();
  await expect(firefox.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await Promise.all(phones.map((each) => each.context().close()));
});

test("an address that the client claims is not believed", async ({ browser, person }) => {
  const context = await browser.newContext({ extraHTTPHeaders: { "x-forwarded-for": "203.0.113.9" } });
  const page = await context.newPage();
  await begin(page, person, "/settings/sessions");
  await expect(page.getByRole("list", { name: "Sessions" })).toContainText("127.0.0.1");
  await expect(page.getByText("203.0.113.9")).toHaveCount(0);
  await context.close();
});

test("deleting the account asks for the password, and ends everything", async ({ page, person }) => {
  await begin(page, person, "/settings/delete");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription("This is not your password.");
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByText("Your account and all your tasks are deleted.")).toBeVisible();
  await page.goto("/sign-in");
  await fillSignIn(page, person);
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/wrong/);
});

test("the only way to sign in cannot be removed", async ({ page, person }) => {
  await begin(page, person, "/settings/accounts");
  const ways = page.getByRole("list", { name: "Ways to sign in" });
  await expect(ways.getByRole("listitem")).toHaveCount(1);
  await expect(ways.getByRole("button")).toHaveCount(0);
});

test("the list of sessions asks to sign in again once the session is a day old", async ({ page, person }) => {
  await begin(page, person);
  await clock.advance({ days: 2 });
  await page.goto("/settings/sessions");
  await page.getByRole("link", { name: "Sign in again" }).click();
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/settings/sessions");
  await expect(page.getByText("This device")).toBeVisible();
});

test("what one person writes another does not see", async ({ page, person, browser }) => {
  await begin(page, person);
  await page.getByLabel("New task").fill("Mine alone");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("list", { name: "Tasks" })).toContainText("Mine alone");
  const context = await browser.newContext();
  const other = await context.newPage();
  await begin(other, newPerson("Eve"));
  await expect(other.getByText("Nothing to do")).toBeVisible();
  await context.close();
});
