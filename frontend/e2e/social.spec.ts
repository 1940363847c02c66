import { expect, test, type Page } from "./fixtures";
import { begin, newPerson } from "./people";

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
  await page.waitForURL(/\/logout\?/); // the provider's own, so that nobody is signed in again by a click
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

test("an account of a provider is linked and removed", async ({ page, person }) => {
  await begin(page, person, "/settings/accounts");
  const link = page.getByRole("button", { name: "Link single sign-on" });
  await link.click();
  await allow(page, newPerson().email);
  await expect(page.getByText("That account has another address than yours.")).toBeVisible();
  await link.click();
  await allow(page, person.email);
  await expect(page).toHaveURL("/settings/accounts");
  const ways = page.getByRole("list", { name: "Ways to sign in" }).getByRole("listitem");
  await expect(ways).toHaveCount(2);
  await page.getByRole("button", { name: "Remove single sign-on" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(ways).toHaveCount(1);
  await expect(link).toBeVisible();
});
