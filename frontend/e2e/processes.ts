import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import { expect } from "@playwright/test";
import { freePort } from "./ports";

export const FRONTEND = path.resolve(import.meta.dirname, "..");
export const PYTHON = path.join(FRONTEND, "..", process.env.PYTHON || ".venv/bin/python");

export function start(program: string, args: string[], cwd: string, more: Record<string, string>): ChildProcess {
  return spawn(program, args, { cwd, env: { ...process.env, ...more }, stdio: ["ignore", "ignore", "inherit"] });
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

export async function answers(url: string): Promise<void> {
  await expect.poll(() => fetch(url).then(({ ok }) => ok, () => false), { timeout: 60_000 }).toBe(true);
}

/** Serve the application with settings of its own; until the end all helpers talk to it. Returns what ends it. */
export async function serveWith(settings: Record<string, string>): Promise<() => Promise<void>> {
  const { BACKEND_URL, WEB_URL } = process.env;
  const [webPort, backendPort] = [await freePort(), await freePort()];
  process.env.BACKEND_URL = `http://127.0.0.1:${backendPort}`;
  process.env.WEB_URL = `http://127.0.0.1:${webPort}`;
  const backend = start(PYTHON, ["-m", "tests.browser"], path.join(FRONTEND, ".."), { PORT: backendPort, ...settings });
  await answers(`${process.env.BACKEND_URL}/api/auth/ok`);
  const web = start("node", ["server.mjs"], FRONTEND, { PORT: webPort });
  await answers(`${process.env.WEB_URL}/api/auth/ok`);
  return async () => {
    Object.assign(process.env, { BACKEND_URL, WEB_URL });
    await Promise.all([stop(web), stop(backend)]);
  };
}
