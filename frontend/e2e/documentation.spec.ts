import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "./fixtures";
import { freePort } from "./ports";
import { answers, FRONTEND, PYTHON, start, stop } from "./processes";

const PAGE = path.join(FRONTEND, "../docs/how-to/fastapi-and-nextjs.md");
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
  const backend = start(PYTHON, ["-m", "uvicorn", "main:app", "--no-proxy-headers", "--port", backendPort, "--log-level", "warning"], FOLDER, environment);
  const web = start("node", ["server.mjs", "--dev"], FOLDER, environment);
  try {
    const here = `http://127.0.0.1:${webPort}`;
    await answers(`${here}/api/auth/ok`);
    await page.goto(here, { waitUntil: "networkidle", timeout: 60_000 });
    await expect(page).toHaveURL(`${here}/sign-in?next=%2F`);
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign up" }).click();
    await expect(page.getByRole("heading", { name: `Hello, ${person.email}` })).toBeVisible({ timeout: 60_000 });
    const { session } = await (await page.request.get(`${here}/api/auth/get-session`)).json();
    expect(session.ipAddress).toBe("127.0.0.1");
    await page.route("**/api/auth/sign-out", async (route) => {
      const response = await route.fetch();
      const left = { ...(await response.json()), url: `${here}/sign-in?left=the+provider`, redirect: true };
      await route.fulfill({ response, json: left }); // as where somebody came by a provider that has an end of its own
    });
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page).toHaveURL(`${here}/sign-in?left=the+provider`);
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  } finally {
    await Promise.all([stop(web), stop(backend)]);
  }
  complaints.length = 0; // the development build says more than it must
});
