import { expect, test, type Page } from "./fixtures";
import { clock } from "./backend";
import { begin, fillSignIn, newPerson, type Person } from "./people";

async function allow(page: Page, email: string): Promise<void> {
  await page.getByLabel("Address").fill(email);
  await page.getByRole("button", { name: "Allow" }).click();
}

const withProvider = { name: "Continue with single sign-on" };

test("a person signs up and in by a provider, and comes back to where they wanted to go", async ({ page, person }) => {
  await page.goto("/settings/accounts");
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings/accounts");
  const ways = page.getByRole("list", { name: "Ways to sign in" });
  await expect(ways.getByRole("listitem")).toHaveText(/single sign-on/);
  await page.goto("/settings/password");
  await expect(page.getByText("A password is a second way in.")).toBeVisible();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.waitForURL(/\/logout\?/, { waitUntil: "commit" }); // the provider's own, so that nobody is signed in again by a click
  await page.goto("/sign-in");
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page.getByText("Hello, Ada of Provider.")).toBeVisible();
});

test("whoever refuses at the provider is back at sign-in, and told so", async ({ page, person }) => {
  await page.goto("/sign-in?next=/settings");
  await page.getByRole("button", withProvider).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByText("You did not allow the sign-in.")).toBeVisible();
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings");
});

test("an account that somebody has by password is not opened by a provider alone", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page.getByText("There is an account with this address already.")).toBeVisible();
});

/** Give somebody who has a password a second way in. */
async function link(page: Page, person: Person): Promise<void> {
  await begin(page, person, "/settings/accounts");
  await page.getByRole("button", { name: "Link single sign-on" }).click();
  await allow(page, person.email);
  await expect(ways(page)).toHaveCount(2);
}

const ways = (page: Page) => page.getByRole("list", { name: "Ways to sign in" }).getByRole("listitem");

async function remove(page: Page, name: string, text: RegExp): Promise<void> {
  await page.getByRole("button", { name: `Remove ${name}` }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toHaveAccessibleDescription(text);
  await dialog.getByRole("button", { name: "Remove" }).click();
}

test("an account of a provider is linked and removed", async ({ page, person }) => {
  await begin(page, person, "/settings/accounts");
  const another = page.getByRole("button", { name: "Link single sign-on" });
  await another.click();
  await allow(page, newPerson().email);
  await expect(page.getByText("That account has another address than yours.")).toBeVisible();
  await another.click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings/accounts");
  await expect(ways(page)).toHaveCount(2);
  await remove(page, "single sign-on", /Your account at the provider is not touched\./);
  await expect(ways(page)).toHaveCount(1);
  await expect(another).toBeVisible();
});

test("a password is removed, and the other way stays", async ({ page, person }) => {
  await link(page, person);
  await remove(page, "Password", /sign in by your linked accounts alone/);
  await expect(ways(page)).toHaveCount(1);
  await expect(ways(page)).toHaveText(/single sign-on/);
});

test("whoever has been signed in for long signs in again to remove a way in, comes back and does it", async ({ page, person }) => {
  await link(page, person);
  await clock.advance({ days: 2 });
  await remove(page, "single sign-on", /not touched/);
  await expect(page).toHaveURL("/sign-in?next=%2Fsettings%2Faccounts&again=");
  await expect(page.getByText("It has been a while.")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  await page.getByRole("link", { name: "Go back without signing in again" }).click();
  await expect(ways(page)).toHaveCount(2);

  await remove(page, "single sign-on", /not touched/);
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/settings/accounts");
  await expect(ways(page)).toHaveCount(2);
  await remove(page, "single sign-on", /not touched/);
  await expect(ways(page)).toHaveCount(1);
});

test("somebody without a password signs in again by the provider to delete the account", async ({ page, person }) => {
  await page.goto("/settings/delete");
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings/delete");
  await clock.advance({ days: 2 });
  const deletes = page.getByRole("button", { name: "Delete my account" });
  await deletes.click();
  await page.getByRole("button", withProvider).click();
  await page.getByRole("button", { name: "Deny" }).click();
  await expect(page.getByText("You did not allow the sign-in.")).toBeVisible();
  await page.getByRole("button", withProvider).click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings/delete");
  await deletes.click();
  await expect(page.getByText("Your account and all your tasks are deleted.")).toBeVisible();
});
