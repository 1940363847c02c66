import { expect, test } from "./fixtures";
import { begin } from "./people";

test("tasks are created, completed and deleted, and stay so", async ({ page, person }) => {
  await begin(page, person);
  await expect(page.getByText("Nothing to do")).toBeVisible();
  for (const title of ["Water the plants", "Write to Charles"]) {
    await page.getByLabel("New task").fill(title);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("checkbox", { name: title })).toBeEnabled();
  }
  await expect(page.getByRole("listitem").first()).toContainText("Write to Charles");
  await page.getByRole("checkbox", { name: "Water the plants" }).check();
  await page.getByRole("button", { name: "Delete Write to Charles" }).click();
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await page.waitForLoadState("networkidle");
  await page.reload();
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("checkbox", { name: "Water the plants" })).toBeChecked();
});

test("a task is there before the server has answered", async ({ page, person }) => {
  await begin(page, person);
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route("**/api/tasks", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByLabel("New task").fill("At once");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("checkbox", { name: "At once" })).toBeDisabled();
  answer();
  await expect(page.getByRole("checkbox", { name: "At once" })).toBeEnabled();
});

test("a change that the server refuses is taken back and said", async ({ page, person }) => {
  await begin(page, person);
  await page.getByLabel("New task").fill("Stays open");
  await page.getByRole("button", { name: "Add" }).click();
  const task = page.getByRole("checkbox", { name: "Stays open" });
  await expect(task).toBeEnabled();
  const notifications = page.getByRole("status", { name: "Notifications" });

  await page.route("**/api/tasks/*", (route) => route.fulfill({ status: 500, body: "broken" }));
  await task.click();
  await expect(notifications).toContainText("Something went wrong. Try again.");
  await expect(task).not.toBeChecked();

  await page.unroute("**/api/tasks/*");
  await page.route("**/api/tasks/*", (route) => route.fulfill({ status: 429, json: { message: "Too many" } }));
  await task.click();
  await expect(notifications).toContainText("Too many attempts");
  await expect(task).not.toBeChecked();

  await page.unroute("**/api/tasks/*");
  await page.route("**/api/tasks/*", (route) => route.abort());
  await page.getByRole("button", { name: "Delete Stays open" }).click();
  await expect(notifications).toContainText("The server cannot be reached.");
  await expect(task).toBeVisible();
});

test("a task deleted elsewhere disappears with a word about it", async ({ page, person }) => {
  await begin(page, person);
  await page.getByLabel("New task").fill("Twice");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("checkbox", { name: "Twice" })).toBeEnabled();
  const { items } = await (await page.request.get("/api/tasks")).json();
  const origin = process.env.WEB_URL!;
  await page.request.delete(`/api/tasks/${items[0].id}`, { headers: { origin } });
  await page.getByRole("button", { name: "Delete Twice" }).click();
  await expect(page.getByRole("status", { name: "Notifications" })).toContainText("This is not there any more.");
  await expect(page.getByText("Nothing to do")).toBeVisible();
});

test("an empty task is refused at its field, without asking the server", async ({ page, person }) => {
  await begin(page, person);
  await page.getByLabel("New task").fill("   ");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByLabel("New task")).toBeFocused();
  await expect(page.getByLabel("New task")).toHaveAttribute("aria-invalid", "true");
});
