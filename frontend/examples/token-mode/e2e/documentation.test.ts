import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Browser } from "playwright-core";
import { build, preview } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PASSWORD, launch } from "./person.ts";

const HERE = fileURLToPath(new URL("../", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const PACKAGE = `${ROOT}frontend/packages/ostiary-react`;
const PAGE = readFileSync(`${ROOT}docs/how-to/front-end-on-another-origin.md`, "utf8");

let folder: string;
let browser: Browser;
const closing: (() => Promise<unknown> | void)[] = [];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "newcomer-"));
  browser = await launch();
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** What `src/client.ts` takes from elsewhere: a package that is not installed here, and a generated file. */
const ELSEWHERE = {
  "openapi-fetch.d.ts": `declare module "openapi-fetch" {
    export default function createClient<Paths>(options: { baseUrl: string; fetch: (input: Request) => Promise<Response> }): Paths;
  }`,
  "schema.d.ts": "export interface paths { none?: never }",
};

/** Write what the page says into an empty folder, on ports that are free. */
function write(api: number, front: number): void {
  const here = PAGE.replaceAll("127.0.0.1:8000", `127.0.0.1:${api}`).replaceAll("127.0.0.1:5173", `127.0.0.1:${front}`);
  mkdirSync(join(folder, "src"));
  for (const [, name = "", code = ""] of here.matchAll(/```tsx? file=(\S+)\n(.*?)```/gs)) writeFileSync(join(folder, "src", name), code);
  for (const [name, code] of Object.entries(ELSEWHERE)) writeFileSync(join(folder, "src", name), code);
  writeFileSync(join(folder, "main.py"), /```python run\n(.*?)```/s.exec(here)?.[1] ?? "");
  writeFileSync(join(folder, "index.html"), '<div id="root"></div><script type="module" src="/src/main.tsx"></script>');
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: `${HERE}tsconfig.json`, compilerOptions: { types: [] }, include: ["src"] }));
}

/** Install the package as npm packs it, beside the React that is here. */
function install(): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "ostiary-react"), { recursive: true });
  const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: PACKAGE, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })) as [{ filename: string }];
  execFileSync("tar", ["xzf", join(folder, packed.filename), "--strip-components=1", "-C", join(modules, "ostiary-react")]);
  for (const name of ["react", "react-dom", "@types"]) symlinkSync(`${HERE}node_modules/${name}`, join(modules, name));
}

async function serve(api: number): Promise<void> {
  const server = spawn(`${ROOT}.venv/bin/python`, ["-m", "uvicorn", "main:app", "--port", String(api)], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: `${ROOT}src`, DATABASE_URL: "sqlite:///app.db", BETTER_AUTH_SECRET: "a secret for tests and for nothing else" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  closing.push(() => (server.kill(), ended));
  await new Promise<void>((resolve, reject) => {
    server.stderr.on("data", (text: Buffer) => text.includes("running on") && resolve());
    void ended.then(() => reject(new Error("the server of the page ended")));
  });
}

test("who does what the documentation says has a page that works", async () => {
  const [api, front] = [await freePort(), await freePort()];
  write(api, front);
  install();
  execFileSync(process.execPath, [`${HERE}node_modules/typescript/bin/tsc`, "-p", folder]);
  const config = { root: folder, configFile: false as const, plugins: [react()], logLevel: "error" as const };
  await build(config);
  const site = await preview({ ...config, preview: { host: "127.0.0.1", port: front, strictPort: true } });
  closing.push(() => site.close());
  await serve(api);

  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${front}`);
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByLabel("I am new here").check();
  await page.getByRole("button", { name: "Go" }).click();
  const greeting = { name: "Hello, ada@example.com" };
  await page.getByRole("heading", greeting).waitFor();
  await page.reload();
  await page.getByRole("heading", greeting).waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Go" }).waitFor();
  await page.getByLabel("Email").fill("ada@example.com");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Go" }).click();
  expect(await page.getByRole("alert").textContent()).toBe("Incorrect email or password");
  await context.close();
});
