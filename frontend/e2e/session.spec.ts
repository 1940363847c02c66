import { expect, test } from "./fixtures";
import { fillSignIn, signIn, signOut, signUp } from "./people";

test("a person signs up, in and out", async ({ page, person }) => {
  await signUp(page, person);
  await expect(page.getByText(`Hello, ${person.name}.`)).toBeVisible();
  await signOut(page);
  await signIn(page, person);
  await expect(page).toHaveURL("/dashboard");
});

test("a deep link leads through sign-in and back, its query included", async ({ page, person }) => {
  await signUp(page, person);
  await signOut(page);
  await page.goto("/dashboard?from=mail&x=%2F%2F");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/dashboard?from=mail&x=%2F%2F");
});

test("the back button after sign-out shows nothing private", async ({ page, person }) => {
  await signUp(page, person);
  const answer = await page.goto("/dashboard?then=leave");
  expect(answer?.headers()["cache-control"]).toContain("no-store");
  await signOut(page);
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText(person.name)).toHaveCount(0);
});
