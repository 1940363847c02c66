import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "./ports";
import { expect, test } from "./fixtures";

const FRONTEND = path.resolve(import.meta.dirname, "..");
const PAGE = path.join(FRONTEND, "../docs/how-to/fastapi-and-nextjs.md");
const PYTHON = path.join(FRONTEND, "..", process.env.PYTHON || ".venv/bin/python");
// Inside the front end, so that its packages are found.
const FOLDER = path.join(FRONTEND, "artefacts/one-site");

/** Write the files of the page as its readers do, on ports that are free. */
function writeFiles(webPort: string): void {
  rmSync(FOLDER, { recursive: true, force: true });
  const files = readFileSync(PAGE, "utf8").matchAll(/^```\w+(?: run)? file=(\S+)\n(.*?)^```/gms);
  for (const [, name, code] of files) {
    const file = path.join(FOLDER, name!);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, code!.replaceAll("3000", webPort));
  }
  writeFileSync(path.join(FOLDER, "package.json"), `{ "type": "module" }`);
  const config = { turbopack: { root: FRONTEND } };
  writeFileSync(path.join(FOLDER, "next.config.mjs"), `export default ${JSON.stringify(config)};`);
}

function start(program: string, args: string[], more: Record<string, string>): ChildProcess {
  return spawn(program, args, { cwd: FOLDER, env: { ...process.env, ...more }, stdio: ["ignore", "ignore", "inherit"] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

test("the page about one site works as it stands", async ({ page, person, complaints }) => {
  test.setTimeout(120_000);
  const [webPort, backendPort] = [await freePort(), await freePort()];
  writeFiles(webPort);
  const environment = {
    PYTHONPATH: path.join(FRONTEND, "../src"),
    BETTER_AUTH_SECRET: "of this test alone, and of no other one",
    DATABASE_URL: "sqlite:///app.db",
    BACKEND_URL: `http://127.0.0.1:${backendPort}`,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  const backend = start(PYTHON, ["-m", "uvicorn", "main:app", "--no-proxy-headers", "--port", backendPort, "--log-level", "warning"], environment);
  const web = start("node", ["server.mjs", "--dev"], environment);
  try {
    const here = `http://127.0.0.1:${webPort}`;
    await expect.poll(() => fetch(`${here}/api/auth/ok`).then(({ ok }) => ok, () => false), { timeout: 60_000 }).toBe(true);
    await page.goto(here, { waitUntil: "networkidle", timeout: 60_000 });
    await expect(page).toHaveURL(`${here}/sign-in?next=%2F`);
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign up" }).click();
    await expect(page.getByRole("heading", { name: `Hello, ${person.email}` })).toBeVisible({ timeout: 60_000 });
    const { session } = await (await page.request.get(`${here}/api/auth/get-session`)).json();
    expect(session.ipAddress).toBe("127.0.0.1");
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  } finally {
    await Promise.all([stop(web), stop(backend)]);
  }
  complaints.length = 0; // the development build says more than it must
});
