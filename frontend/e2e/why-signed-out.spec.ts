import AxeBuilder from "@axe-core/playwright";
import type { APIRequestContext } from "@playwright/test";
import { expect, test, type Page } from "./fixtures";
import { begin, fillSignIn, type Person } from "./people";

/** What a person does in another browser, signed in there as well. */
async function elsewhere(request: APIRequestContext, person: Person, path: string, data: object): Promise<void> {
  const headers = { origin: process.env.WEB_URL! };
  const { email, password } = person;
  for (const [to, body] of [["sign-in/email", { email, password }], [path, data]] as const) {
    const answer = await request.post(`${process.env.WEB_URL}/api/auth/${to}`, { data: body, headers });
    expect(answer.status(), to).toBe(200);
  }
}

const signOutElsewhere = (request: APIRequestContext, person: Person) =>
  elsewhere(request, person, "revoke-other-sessions", {});

/** The sign-in page, with one sentence that is read out, and a word in its address. */
async function expectTold(page: Page, word: string, sentence: string): Promise<void> {
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("status")).toHaveText(sentence);
  expect(new URL(page.url()).searchParams.get("ended")).toBe(word);
}

test("a page from the server says that the password was changed", async ({ page, person, request }) => {
  await begin(page, person, "/");
  const newPassword = "Another-horse-9-staple";
  const change = { currentPassword: person.password, newPassword, revokeOtherSessions: true };
  await elsewhere(request, person, "change-password", change);
  await page.goto("/settings/password");
  await expectTold(page, "password_changed", "Your password was changed, so you were signed out.");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.screenshot({ path: "artefacts/pages/why-signed-out.png" });
  await fillSignIn(page, { ...person, password: newPassword });
  await expect(page).toHaveURL("/settings/password");
});

test("a page that notices the end by itself says why", async ({ page, person, request }) => {
  await begin(page, person);
  await page.waitForLoadState("networkidle");
  await signOutElsewhere(request, person);
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expectTold(page, "revoked", "You were signed out from another device.");
});

test("what somebody does on a page whose session ended says why", async ({ page, person, request }) => {
  await begin(page, person);
  await page.waitForLoadState("networkidle");
  await signOutElsewhere(request, person);
  await page.getByLabel("New task").fill("Too late");
  await page.getByRole("button", { name: "Add" }).click();
  await expectTold(page, "revoked", "You were signed out from another device.");
});

test("what somebody asks of the auth server after the end says why", async ({ page, person, request }) => {
  await begin(page, person, "/settings");
  await page.waitForLoadState("networkidle");
  await signOutElsewhere(request, person);
  await page.getByLabel("Name").fill("Ada King");
  await page.getByRole("button", { name: "Save" }).click();
  await expectTold(page, "revoked", "You were signed out from another device.");
});

test("an address puts no words into our mouth", async ({ page }) => {
  for (const word of ["", "constructor", "Call+0900+123", "<b>x</b>"]) {
    await page.goto(`/sign-in?ended=${word}`);
    await expect(page.getByRole("main").getByRole("status")).toHaveText("Your session has ended. Sign in again to go on.");
  }
  await page.goto("/sign-in?error=constructor");
  await expect(page.getByText("The sign-in did not work. Try again.")).toBeVisible();
});
