import { type Browser, type BrowserContext, type Page, type Request, chromium } from "playwright-core";
import { expect } from "vitest";

export const PASSWORD = "Analytical-Engine-1";

let number = 0;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    ignoreDefaultArgs: ["--disable-back-forward-cache"], // people's browsers have one
  });
}

/** Somebody with a browser of their own, what they do and see. */
export class Person {
  readonly email = `ada-${++number}-${process.pid}@example.com`;
  readonly calls: string[] = [];
  readonly problems: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly url: string,
    readonly api: string,
  ) {
    context.on("request", (request: Request) => {
      if (request.url().startsWith(api) && request.method() !== "OPTIONS")
        this.calls.push(`${request.method()} ${new URL(request.url()).pathname}`);
    });
    context.on("weberror", (error) => this.problems.push(error.error().message));
    context.on("console", (message) => {
      if (/Content Security Policy/.test(message.text())) this.problems.push(message.text());
    });
  }

  static async with(browser: Browser, url: string, api: string): Promise<Person> {
    return new Person(await browser.newContext(), url, api);
  }

  async open(): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(this.url);
    return page;
  }

  async signUp(page: Page): Promise<void> {
    await page.getByRole("button", { name: "I am new here" }).click();
    await page.getByLabel("Name").fill("Ada");
    await page.getByLabel("Email").fill(this.email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign up" }).click();
    await this.seesTasks(page);
  }

  async signIn(page: Page, password = PASSWORD): Promise<void> {
    await page.getByLabel("Email").fill(this.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async add(page: Page, title: string): Promise<void> {
    await page.getByLabel("New task").fill(title);
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText(title, { exact: true }).waitFor();
  }

  async seesTasks(page: Page): Promise<void> {
    await page.getByRole("heading", { name: "Tasks" }).waitFor();
    await page.getByText(this.email).waitFor();
  }

  async seesSignIn(page: Page): Promise<void> {
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.getByRole("list", { name: "Tasks" }).count()).toBe(0);
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length;
  }

  /** The cookie of the refresh token, as the browser keeps it. */
  async cookie() {
    const cookies = await this.context.cookies(`${this.api}/api/auth/refresh`);
    return cookies.find(({ name }) => name.endsWith("refresh_token"));
  }
}
