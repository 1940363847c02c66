import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("../", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ostiary-react-"));
  execFileSync(process.execPath, [`${PACKAGE}node_modules/typescript/bin/tsc`, "-p", `${PACKAGE}tsconfig.build.json`, "--outDir", folder]);
  symlinkSync(`${PACKAGE}node_modules`, join(folder, "node_modules"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the built package", () => {
  test("renders on a server, where nobody is signed in yet and nothing is fetched", () => {
    const program = `
      globalThis.fetch = () => { throw new Error("fetched"); };
      const { AuthProvider, ProtectedRoute, createApiClient, useAuth } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.js")).href)});
      const { createElement: h } = await import("react");
      const { renderToString } = await import("react-dom/server");
      const client = createApiClient({ baseURL: "https://api.example.com" });
      const Who = () => JSON.stringify(useAuth().isLoading);
      process.stdout.write(renderToString(h(AuthProvider, { client },
        h(Who), h(ProtectedRoute, { loading: "loading", fallback: "sign in" }, "private"))));
    `;
    const html = execFileSync(process.execPath, ["--input-type=module", "-e", program], { cwd: folder, encoding: "utf8" });
    expect(html.replaceAll("<!-- -->", "")).toBe("trueloading");
  });

  test("marks what only a browser can do, and asks for nothing but React", () => {
    const files = readdirSync(folder).filter((name) => name.endsWith(".js"));
    const imports = files.flatMap((name) =>
      [...readFileSync(join(folder, name), "utf8").matchAll(/from "([^".][^"]*)"/g)].map(([, from]) => from),
    );
    expect(new Set(imports)).toEqual(new Set(["react", "react/jsx-runtime"]));
    expect(readFileSync(join(folder, "react.js"), "utf8")).toMatch(/^"use client";/);
  });
});
