import AxeBuilder from "@axe-core/playwright";
import { clock } from "./backend";
import { expect, test, type Page } from "./fixtures";
import { kindsTo, linkIn } from "./mailbox";
import { fillSignIn, fillSignUp } from "./people";
import { serveWith } from "./processes";

/** A server on which nobody is signed in before the address is confirmed. */
let end: () => Promise<void>;
test.beforeAll(async () => {
  end = await serveWith({ OSTIARY_REQUIRE_VERIFICATION: "1" });
});
test.afterAll(() => end());
test.use({ baseURL: async ({}, give) => give(process.env.WEB_URL) });

const resend = (page: Page) => page.getByRole("button", { name: "Send the link again" });
const notifications = (page: Page) => page.getByRole("status", { name: "Notifications" });

test("whoever signs up is told of the mail, and is in by its link", async ({ page, person }) => {
  await fillSignUp(page, person);
  const message = page.locator(":focus");
  await expect(message).toContainText(`We have sent a mail to ${person.email}.`);
  await expect(page.getByRole("button", { name: "Continue with single sign-on" })).toHaveCount(0);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.screenshot({ path: "artefacts/pages/sign-up-mailed.png" });
  await page.goto(await linkIn(person.email, "verify-email"));
  await page.getByRole("link", { name: "Go to your tasks" }).click();
  await expect(page.getByText(`Hello, ${person.name}.`)).toBeVisible();
});

test("the mail is sent again, as often as the server allows", async ({ page, person }) => {
  await fillSignUp(page, person);
  for (let times = 2; times <= 4; times += 1) {
    await resend(page).click();
    await expect.poll(async () => (await kindsTo(person.email)).length).toBe(times);
  }
  await expect(notifications(page)).toContainText("another link is on its way");
  await resend(page).click();
  await expect(notifications(page)).toContainText("Too many attempts. Wait a little and try again.");
  await expect(page.getByText("We have sent a mail")).toBeVisible();
});

test("a known address is answered as a new one is", async ({ page, person }) => {
  await fillSignUp(page, person);
  await page.goto(await linkIn(person.email, "verify-email"));
  await page.context().clearCookies();
  await clock.advance({ minutes: 1 });
  await fillSignUp(page, { ...person, name: "Eve" });
  await expect(page.getByText(`We have sent a mail to ${person.email}.`)).toBeVisible();
  await linkless(person.email);
  await resend(page).click();
  await expect(notifications(page)).toContainText("another link is on its way");
  expect(await kindsTo(person.email)).toHaveLength(2);
});

/** What the owner is told instead. */
const linkless = (email: string) => expect.poll(() => kindsTo(email)).toContain("existing-account");

test("whoever signs in too early asks for the link once more", async ({ page, person }) => {
  await fillSignUp(page, person);
  await expect(page.getByText("We have sent a mail")).toBeVisible();
  await page.getByRole("link", { name: "Sign in" }).click();
  await fillSignIn(page, person);
  await expect(page.getByLabel("E-mail")).toHaveAccessibleDescription(/Confirm your address first\./);
  await resend(page).click();
  await expect.poll(() => kindsTo(person.email)).toHaveLength(2);
  await page.goto(await linkIn(person.email, "verify-email"));
  await expect(page.getByText("Your address is confirmed.")).toBeVisible();
});
