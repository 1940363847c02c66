import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** The real server, with the example application and a clock that can be moved. */
export interface BackEnd {
  url: string;
  advance(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startBackEnd(environment: Record<string, string> = {}): Promise<BackEnd> {
  const folder = mkdtempSync(join(tmpdir(), "ostiary-"));
  const child = spawn(`${ROOT}.venv/bin/python`, ["-m", "tests.back_end"], {
    cwd: ROOT,
    env: {
      ...process.env,
      PYTHONPATH: `${ROOT}src`,
      DATABASE_URL: `sqlite:///${folder}/back-end.db`, // an empty one means PostgreSQL
      PORT: "0",
      BETTER_AUTH_SECRET: "a secret for tests and for nothing else",
      BETTER_AUTH_TRUSTED_ORIGINS: "http://127.0.0.1:5173",
      ...environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (text: Buffer) => (log = (log + text.toString()).slice(-8000)));
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", (line) => resolve((JSON.parse(line) as { url: string }).url));
    void ended.then(() => reject(new Error(`the back end ended before it served\n${log}`)));
  });
  return {
    url,
    async advance(seconds) {
      const answer = await fetch(`${url}/-/clock`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ advance: seconds }),
      });
      if (!answer.ok) throw new Error(`the clock answered ${answer.status}`);
    },
    async stop() {
      child.stdin.end();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}
