import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const FRONTEND = fileURLToPath(new URL("../../../", import.meta.url));

test.each(["packages/ostiary-react/", "examples/token-mode/"])(
  "the types in %s are those of the server's OpenAPI document: otherwise `npm run types`",
  (name) => {
    const folder = FRONTEND + name;
    const { scripts } = JSON.parse(readFileSync(`${folder}package.json`, "utf8")) as { scripts: { types: string } };
    const [command = "", file = ""] = scripts.types.split(" > ");
    const [, ...given] = command.split(" ");
    const generated = execFileSync(process.execPath, given, { cwd: folder, encoding: "utf8" });
    expect(readFileSync(folder + file, "utf8")).toBe(generated);
  },
);
