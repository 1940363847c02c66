import { randomBytes } from "node:crypto";
import { expect, type Page } from "@playwright/test";

export interface Person {
  name: string;
  email: string;
  password: string;
}

export function newPerson(name = "Ada Lovelace"): Person {
  const tag = randomBytes(6).toString("hex");
  return { name, email: `${tag}@example.com`, password: "Correct-horse-7-staple" };
}

export async function signUp(page: Page, person: Person): Promise<void> {
  await fillSignUp(page, person);
  await expect(page.getByRole("heading", { name: "Your tasks" })).toBeVisible();
}

export async function fillSignUp(page: Page, person: Person): Promise<void> {
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill(person.name);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account" }).click();
}

export async function fillSignIn(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export async function signIn(page: Page, person: Person): Promise<void> {
  await page.goto("/sign-in");
  await fillSignIn(page, person);
  await expect(page.getByRole("heading", { name: "Your tasks" })).toBeVisible();
}

export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page.getByRole("link", { name: "Create an account" })).toBeVisible();
}

/** Sign up without a page, for tests that are about something else. */
export async function begin(page: Page, person: Person, path = "/dashboard"): Promise<void> {
  const answer = await page.request.post("/api/auth/sign-up/email", {
    data: person,
    headers: { origin: new URL(process.env.WEB_URL!).origin },
  });
  expect(answer.status()).toBe(200);
  await page.goto(path);
}
