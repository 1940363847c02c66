import { gzipSync } from "node:zlib";
import { returnPath } from "../lib/return-path";
import { expect, test } from "./fixtures";
import { begin, fillSignIn } from "./people";

const BUDGET = 150_000; // bytes of compressed JavaScript

const ELSEWHERE = [
  "https://evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/..//evil.example",
  "/.//evil.example",
  "javascript:alert(1)",
  "http:evil.example",
  " /dashboard",
  "/api/auth/sign-out",
];

test("no address that could lead elsewhere is gone back to", () => {
  for (const wanted of [...ELSEWHERE, "", null, undefined]) expect(returnPath(wanted)).toBe("/dashboard");
  for (const path of ["/", "/settings", "/dashboard?a=%2F%2Fb#c"]) expect(returnPath(path)).toBe(path);
});

test("sign-in does not lead to another site", async ({ page, person }) => {
  await begin(page, person, "/");
  await page.context().clearCookies();
  await page.goto(`/sign-in?next=${encodeURIComponent("/\\evil.example")}`);
  await fillSignIn(page, person);
  await expect(page).toHaveURL("/dashboard");
  await page.goto("/sign-in?next=//evil.example");
  await expect(page).toHaveURL("/dashboard");
});

test("an injected script does not run, and a script that did would find no token", async ({ page, person, complaints }) => {
  const title = `<img src=x onerror="window.stolen = 1"><script>window.stolen = 1</script>`;
  await begin(page, { ...person, name: title });
  await page.getByLabel("New task").fill(title);
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("checkbox", { name: title })).toBeEnabled();
  await page.reload();
  await expect(page.getByRole("checkbox", { name: title })).toBeVisible();
  expect(await page.evaluate("window.stolen")).toBeUndefined();

  // Even where markup gets in, the policy stops it.
  await page.evaluate((markup) => {
    document.body.insertAdjacentHTML("beforeend", markup);
    const script = document.createElement("script");
    script.textContent = "window.stolen = 2";
    document.body.insertAdjacentElement("beforeend", script);
  }, title);
  await expect.poll(() => complaints.filter((each) => each.includes("Content Security Policy")).length).toBeGreaterThan(0);
  expect(await page.evaluate("window.stolen")).toBeUndefined();
  complaints.length = 0;

  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name.endsWith("session_token"));
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const found = await page.evaluate(() =>
    JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]),
  );
  expect(found).not.toContain(session!.value);
  expect(found).not.toContain(decodeURIComponent(session!.value));
  expect(await page.evaluate(() => document.cookie)).not.toContain("session");
});

test("what the client is told of its session signs nobody in", async ({ page, person, playwright }) => {
  await begin(page, person);
  const { session } = await (await page.request.get("/api/auth/get-session")).json();
  const thief = await playwright.request.newContext({ baseURL: process.env.WEB_URL });
  const attempts: Record<string, string>[] = [
    { authorization: `Bearer ${session.token}` },
    { cookie: `better-auth.session_token=${session.token}` },
  ];
  for (const headers of attempts) {
    expect((await thief.get("/api/tasks", { headers })).status()).toBe(401);
  }
  await thief.dispose();
});

test("every page forbids scripts and frames from elsewhere, and is not stored", async ({ page, person }) => {
  await begin(page, person);
  const seen = new Set<string>();
  for (const path of ["/", "/sign-in?again", "/dashboard", "/settings", "/nowhere"]) {
    const answer = await page.goto(path);
    const headers = answer!.headers();
    const policy = headers["content-security-policy"]!;
    expect(policy).toMatch(/script-src 'self' 'nonce-[^']+';/);
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(headers["cache-control"]).toContain("no-store");
    expect(headers["referrer-policy"]).toBe("same-origin");
    seen.add(/nonce-([^']+)/.exec(policy)![1]!);
  }
  expect(seen.size).toBe(5);
});

test("nothing comes from another site", async ({ page, person }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await begin(page, person);
  for (const path of ["/", "/settings/sessions"]) await page.goto(path, { waitUntil: "networkidle" });
  expect([...hosts]).toEqual([process.env.WEB_URL]);
});

test("the sign-in page loads little JavaScript", async ({ page }) => {
  const scripts: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() !== "script") return;
    scripts.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto("/sign-in", { waitUntil: "networkidle" });
  const total = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
  test.info().annotations.push({ type: "compressed JavaScript", description: `${total} bytes` });
  console.log(`compressed JavaScript of the sign-in page: ${total} bytes`);
  expect(total).toBeGreaterThan(10_000);
  expect(total).toBeLessThan(BUDGET);
});

test("the back end's own pages and test routes are not passed on", async ({ page }) => {
  for (const path of ["/docs", "/openapi.json", "/test/controls", "/dev/mail"]) {
    expect((await page.goto(path))?.status()).toBe(404);
  }
});

test("the back end's documentation comes from the back end alone", async ({ page }) => {
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).origin));
  await page.goto(`${process.env.BACKEND_URL}/docs`);
  await expect(page.getByRole("heading", { name: /^Tasks/ })).toBeVisible();
  await expect(page.getByText("/api/auth/sign-in/email", { exact: true })).toBeVisible();
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: "artefacts/pages/docs.png" });
  expect([...hosts]).toEqual([process.env.BACKEND_URL]);
});
