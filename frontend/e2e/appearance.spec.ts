import AxeBuilder from "@axe-core/playwright";
import { giveRole } from "./backend";
import { expect, test, type Page } from "./fixtures";
import { begin } from "./people";

const OPEN = ["/", "/sign-up", "/sign-in", "/forgot-password", "/reset-password?token=some", "/verify-email", "/nowhere"];
const PRIVATE = [
  "/dashboard",
  "/settings",
  "/settings/password",
  "/settings/accounts",
  "/settings/sessions",
  "/settings/delete",
  "/admin",
];
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

/** No violation in either theme; a picture of each, on a phone and on a desktop. */
async function inspect(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  const name = path.split("?")[0]!.replaceAll("/", "-").slice(1) || "home";
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [device, viewport] of Object.entries({ phone: PHONE, desktop: DESKTOP })) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `artefacts/pages/${name}-${device}-${colorScheme}.png` });
      const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      expect(sideways, `${path} on a ${device} scrolls sideways`).toBe(false);
    }
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), `${path} ${colorScheme}`).toEqual([]);
  }
}

for (const path of OPEN) {
  test(`${path} is accessible in light and dark`, async ({ page, person }) => {
    expect(person.name).toBeTruthy();
    await inspect(page, path);
  });
}

test("every page of somebody who is signed in is accessible in light and dark", async ({ page, person }) => {
  test.setTimeout(90_000);
  await begin(page, person);
  await giveRole(person.email, "admin");
  for (const title of ["Write the programme for the Analytical Engine", "Answer Charles", "Water the plants"]) {
    await page.getByLabel("New task").fill(title);
    await page.getByRole("button", { name: "Add" }).click();
    await expect(page.getByRole("checkbox", { name: title })).toBeEnabled();
  }
  await page.getByRole("checkbox", { name: "Water the plants" }).check();
  await page.waitForLoadState("networkidle");
  for (const path of PRIVATE) await inspect(page, path);
});

test("a question and a refusal are accessible, too", async ({ page, person }) => {
  await begin(page, person, "/settings/delete");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toBeFocused();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

const GROUND = { light: "rgb(246, 246, 243)", dark: "rgb(19, 20, 18)" };
const OTHER = { light: "dark", dark: "light" } as const;

for (const chosen of ["light", "dark"] as const) {
  test(`the ${chosen} theme holds against the device, from the first byte on`, async ({ page, browser }) => {
    const body = page.locator("body");
    await page.emulateMedia({ colorScheme: OTHER[chosen], reducedMotion: "reduce" });
    await page.goto("/sign-in");
    await expect(page.getByRole("group", { name: "Theme" }).getByRole("radio", { name: "System" })).toBeChecked();
    await expect(body).toHaveCSS("background-color", GROUND[OTHER[chosen]]);
    await page.getByRole("radio", { name: chosen }).press("Space");
    await expect(body).toHaveCSS("background-color", GROUND[chosen]);
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

    const storageState = await page.context().storageState();
    const scriptless = await browser.newContext({ storageState, javaScriptEnabled: false, colorScheme: OTHER[chosen] });
    const later = await scriptless.newPage();
    await later.goto("/");
    await expect(later.locator("body")).toHaveCSS("background-color", GROUND[chosen]);
    await expect(later.locator("meta[name=theme-color]")).toHaveAttribute("content", chosen === "dark" ? "#131412" : "#f6f6f3");
    await scriptless.close();

    await page.goto("/sign-up");
    await page.getByRole("radio", { name: chosen }).press(chosen === "light" ? "ArrowLeft" : "ArrowRight");
    await expect(page.getByRole("radio", { name: "System" })).toBeChecked();
    await expect(body).toHaveCSS("background-color", GROUND[OTHER[chosen]]);
  });
}

test("a theme that nobody offers is none", async ({ page, context }) => {
  await context.addCookies([{ name: "theme", value: `"><script>`, url: process.env.WEB_URL! }]);
  await page.goto("/sign-in");
  await expect(page.getByRole("radio", { name: "System" })).toBeChecked();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "system");
});

test("a person signs up and out by keyboard alone", async ({ page, person }) => {
  await page.goto("/");
  const tabTo = async (name: string) => {
    const focused = page.locator(":focus");
    for (let steps = 0; steps < 15; steps += 1) {
      await page.keyboard.press("Tab");
      const text = await focused.evaluate((element) => element.getAttribute("aria-label") ?? element.textContent);
      if (text?.trim() === name) return;
    }
    throw new Error(`no way to ${name} by keyboard`);
  };
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await tabTo("Create an account");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Create account" })).toBeEnabled();
  await page.getByLabel("Name").focus();
  await page.keyboard.type(person.name);
  await page.keyboard.press("Tab");
  await page.keyboard.type(person.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(person.password);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Your tasks" })).toBeVisible();
  await tabTo("Sign out");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Create an account" })).toBeVisible();
});

test("password managers find their fields", async ({ page }) => {
  const autocomplete = (label: string) => page.getByLabel(label, { exact: true }).getAttribute("autocomplete");
  await page.goto("/sign-in");
  expect([await autocomplete("E-mail"), await autocomplete("Password")]).toEqual(["username", "current-password"]);
  await page.goto("/sign-up");
  expect([await autocomplete("Name"), await autocomplete("E-mail"), await autocomplete("Password")]).toEqual([
    "name",
    "username",
    "new-password",
  ]);
});
