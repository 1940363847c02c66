import { defineConfig, devices } from "@playwright/test";
import { freePort } from "./e2e/ports";

// Kept in the environment, which the workers inherit.
process.env.WEB_PORT ??= await freePort();
process.env.BACKEND_PORT ??= await freePort();
process.env.BACKEND_URL = `http://127.0.0.1:${process.env.BACKEND_PORT}`;
const webUrl = `http://127.0.0.1:${process.env.WEB_PORT}`;
process.env.WEB_URL = webUrl;
const stop = { signal: "SIGTERM", timeout: 10_000 } as const;

export default defineConfig({
  testDir: "e2e",
  outputDir: "artefacts/results",
  reporter: [["list", { printSteps: false }]],
  workers: 1, // the clock of the back end is everybody's
  timeout: 60_000,
  expect: { timeout: 15_000 }, // a busy machine is no failure
  forbidOnly: true,
  use: {
    ...devices["Desktop Chrome"],
    baseURL: webUrl,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic"],
    },
  },
  webServer: [
    {
      command: `exec ${process.env.PYTHON || ".venv/bin/python"} -m tests.browser`,
      cwd: "..",
      env: { PORT: process.env.BACKEND_PORT, WEB_URL: webUrl },
      url: `${process.env.BACKEND_URL}/api/auth/ok`,
      gracefulShutdown: stop,
      stdout: "pipe",
    },
    {
      command: "exec node server.mjs",
      env: { PORT: process.env.WEB_PORT },
      url: `${webUrl}/icon.svg`,
      gracefulShutdown: stop,
      stdout: "pipe",
    },
  ],
});
