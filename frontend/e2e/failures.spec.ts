import { outage } from "./backend";
import { expect, test } from "./fixtures";
import { begin, fillSignIn, signIn } from "./people";

test.afterEach(outage.end);

test("a page says so when the back end does not answer, and comes back with it", async ({ page, person, complaints }) => {
  await begin(page, person);
  for (const status of [500, 503]) {
    await outage.begin(status);
    await page.goto("/dashboard");
    await expect(page.getByRole("heading", { name: "Something went wrong" })).toBeVisible();
    await expect(page.getByText(/answered|Error:/)).toHaveCount(0);
    await outage.end();
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: "Your tasks" })).toBeVisible();
  }
  complaints.length = 0; // the browser's console names the failed page, without its reason
});

test("a form survives a broken network and a busy server", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto("/sign-in");
  const alert = page.getByRole("main").getByRole("alert");
  await page.route("**/api/auth/sign-in/email", (route) => route.abort());
  await fillSignIn(page, person);
  await expect(alert).toHaveText("The server cannot be reached. Check your connection and try again.");
  await expect(page.getByLabel("E-mail")).toHaveValue(person.email);

  await page.unroute("**/api/auth/sign-in/email");
  await outage.begin(503);
  await fillSignIn(page, person);
  await expect(alert).toHaveText("The server is busy. Try again in a moment.");
  await outage.end();
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/dashboard");
});

test("a slow answer keeps the button from being pressed twice", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto("/sign-in");
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  let requests = 0;
  await page.route("**/api/auth/sign-in/email", async (route) => {
    requests += 1;
    await held;
    await route.continue();
  });
  await fillSignIn(page, person);
  const button = page.getByRole("button", { name: "Sign in", exact: true });
  await expect(button).toBeDisabled();
  await page.getByLabel("Password", { exact: true }).press("Enter");
  answer();
  await expect(page).toHaveURL("/dashboard");
  expect(requests).toBe(1);
});

test("too many attempts are told in words", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto("/sign-in");
  const wrong = { ...person, password: "not the password" };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answered = page.waitForResponse("**/api/auth/sign-in/email");
    await fillSignIn(page, wrong);
    expect((await answered).status()).toBe(401);
  }
  await expect(page.getByRole("button", { name: "Sign in", exact: true })).toBeEnabled();
  await fillSignIn(page, wrong);
  await expect(page.getByRole("main").getByRole("alert")).toHaveText("Too many attempts. Wait a little and try again.");
});

test("a page that does not exist says so", async ({ page }) => {
  expect((await page.goto("/nowhere"))?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
});

test("each refusal of a sign-up stands at its field", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto("/sign-up");
  const [email, password] = [page.getByLabel("E-mail"), page.getByLabel("Password", { exact: true })];
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.getByLabel("Name").fill("Ada");
  await email.fill("no address");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(email).toBeFocused();
  await email.fill(person.email);
  await password.fill("lower-case-7");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(password).toHaveAccessibleDescription(/Add an upper-case letter\./);
  await password.fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(email).toHaveAccessibleDescription(/There is an account with this address/);
  await signIn(page, person);
});
