// Prints what some routes of the example application take, answer and refuse, as types, from the OpenAPI document of
// the application itself:
//   node scripts/types.mjs /api/auth/login ...
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const DESCRIBE = `
import json
from examples.tasks.application import create_app
from examples.tasks.settings import Settings

settings = Settings.from_environment({"BETTER_AUTH_SECRET": "describes-only" * 4, "DATABASE_URL": "sqlite:///never-opened.db"})
print(json.dumps(create_app(settings).openapi()))
`;

function described() {
  const own = `${ROOT}.venv/bin/python`;
  const output = execFileSync(existsSync(own) ? own : "python3", ["-c", DESCRIBE], {
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: `${ROOT}src` },
    maxBuffer: 64 * 1024 * 1024,
    encoding: "utf8",
  });
  return JSON.parse(output);
}

/** The schemas that `part` names, and those that they name. */
function namedBy(part, schemas, found = {}) {
  for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (name in found) continue;
    found[name] = schemas[name];
    namedBy(schemas[name], schemas, found);
  }
  return found;
}

/** The part of a document that describes some paths. */
function only(document, wanted) {
  const paths = Object.fromEntries(
    wanted.map((path) => {
      if (!(path in document.paths)) throw new Error(`the server has no ${path}`);
      return [path, document.paths[path]];
    }),
  );
  const schemas = namedBy(paths, document.components.schemas);
  return { openapi: document.openapi, info: document.info, paths, components: { schemas } };
}

/** The codes that the refusals of a document may carry: each has an example. */
function codes(document) {
  const found = new Set();
  for (const operations of Object.values(document.paths))
    for (const operation of Object.values(operations))
      for (const [status, response] of Object.entries(operation.responses ?? {}))
        if (!status.startsWith("2"))
          for (const code of Object.keys(response.content?.["application/json"]?.examples ?? {})) found.add(code);
  return [...found].sort();
}

export async function types(wanted) {
  const document = only(described(), wanted);
  const text = astToString(await openapiTS({ ...document, paths: {} }, { defaultNonNullable: false }));
  const named = codes(document);
  const union = named.length ? `\n/** What the server calls its refusals. */\nexport type ErrorCode =\n${named.map((code) => `  | "${code}"`).join("\n")};\n` : "";
  return `// Generated from the server's OpenAPI document by \`npm run types\`: not to be edited.\n${text}${union}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(await types(process.argv.slice(2)));
