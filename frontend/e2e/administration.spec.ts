import { giveRole } from "./backend";
import { expect, test } from "./fixtures";
import { begin } from "./people";

test("the administration is there for administrators alone", async ({ page, person }) => {
  await begin(page, person);
  await page.getByLabel("New task").fill("Count the tasks");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("checkbox", { name: "Count the tasks" })).toBeEnabled();
  await expect(page.getByRole("link", { name: "Administration" })).toHaveCount(0);
  const answer = await page.goto("/admin");
  expect(answer?.status()).toBe(404);
  expect(await answer?.text()).not.toContain("Administration");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await expect(page.getByRole("main")).toHaveCount(1);

  await giveRole(person.email, "admin");
  await page.goto("/dashboard");
  await page.getByRole("link", { name: "Administration" }).click();
  const row = page.getByRole("row").filter({ hasText: person.email });
  await expect(row.getByRole("cell")).toHaveText([person.name + person.email, "1", "0"]);
});
