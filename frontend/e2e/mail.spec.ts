import { clock } from "./backend";
import { expect, test } from "./fixtures";
import { kindsTo, linkIn } from "./mailbox";
import { begin, fillSignIn, newPerson, signOut, signUp } from "./people";

test("a person confirms the address by the link in the mail", async ({ page, person }) => {
  await signUp(page, person);
  await expect(page.getByText("Confirm your address: open the link")).toBeVisible();
  await page.goto(await linkIn(person.email, "verify-email"));
  await expect(page.getByText("Your address is confirmed.")).toBeVisible();
  await page.getByRole("link", { name: "Go to your tasks" }).click();
  await expect(page.getByRole("heading", { name: "Your tasks" })).toBeVisible();
  await expect(page.getByText("Confirm your address")).toHaveCount(0);
});

test("an expired link is told, and another one asked for", async ({ page, person }) => {
  await begin(page, person, "/");
  const link = await linkIn(person.email, "verify-email");
  await clock.advance({ minutes: 90 });
  await page.goto(link.replace(/callbackURL=[^&]*/, `callbackURL=${encodeURIComponent("/verify-email?done=1")}`));
  await expect(page.getByText("This link has expired. Ask for a new one.")).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  await page.getByRole("button", { name: "Send a link" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("a link is on its way");
  await expect.poll(async () => (await kindsTo(person.email)).length).toBe(2);
});

test("a forgotten password is set anew, once, and ends other sessions", async ({ page, person, browser }) => {
  const context = await browser.newContext();
  const other = await context.newPage();
  await begin(other, person);
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Send a link" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("If there is an account");

  const link = await linkIn(person.email, "reset-password");
  await page.goto(link);
  await expect(page).toHaveURL("/reset-password"); // the token is out of the address
  const password = page.getByLabel("New password", { exact: true });
  await password.fill("password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(password).toHaveAccessibleDescription(/Add an upper-case letter/);
  await password.fill("Another-horse-9-staple");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await fillSignIn(page, { ...person, password: "Another-horse-9-staple" });
  await expect(page).toHaveURL("/dashboard");

  await other.goto("/settings");
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await context.close();
  await page.goto(link);
  await expect(page.getByText("This link is not valid, or it was used already.")).toBeVisible();
});

test("nobody learns whether there is an account", async ({ page, person }) => {
  await page.goto("/forgot-password");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("button", { name: "Send a link" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("If there is an account");
});

test("a person changes the address, and signs in with the new one", async ({ page, person }) => {
  const { email } = newPerson();
  await begin(page, person, "/");
  await page.goto(await linkIn(person.email, "verify-email"));
  await page.goto("/settings");
  await page.getByLabel("New e-mail").fill(email);
  await page.getByRole("button", { name: "Change e-mail" }).click();
  await expect(page.getByRole("main").getByRole("status")).toContainText("Nothing has changed yet");
  await page.goto(await linkIn(person.email, "confirm-email-change"));
  await expect(page.getByText(`Your address is ${person.email}.`)).toBeVisible();
  await page.goto(await linkIn(email, "verify-new-email"));
  await expect(page.getByText(`Your address is ${email}.`)).toBeVisible();
  await page.goto("/settings");
  await expect(page.getByText(`Your address is ${email}.`)).toBeVisible();
  await signOut(page);
  await page.goto("/sign-in");
  await fillSignIn(page, { ...person, email });
  await expect(page).toHaveURL("/dashboard");
});

test("somebody who came by a provider sets a first password by mail", async ({ page, person }) => {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Continue with single sign-on" }).click();
  await page.getByLabel("Address").fill(person.email);
  await page.getByRole("button", { name: "Allow" }).click();
  await expect(page).toHaveURL("/dashboard");
  await page.goto("/settings/password");
  await page.getByRole("button", { name: "Send me a link to set one" }).click();
  await page.goto(await linkIn(person.email, "reset-password"));
  await page.getByLabel("New password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/dashboard");
  await page.goto("/settings/accounts");
  await expect(page.getByRole("list", { name: "Ways to sign in" }).getByRole("listitem")).toHaveCount(2);
});
