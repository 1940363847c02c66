// Better Auth on Node for the benchmarks: one configuration, one port, as a person would deploy it.
//
// The only argument is a JSON object {"options": {…, "plugins": {"jwt": {}}}, "database": "postgresql://…" or "sqlite:///…", "migrate": true};
// once it listens, one line {"port": 12345} is written to standard output. The end of the input ends the process.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";

const HEARTBEAT_MS = 5;

/** Import a package that another folder of the repository installed. */
function from(folder) {
  const { resolve } = createRequire(new URL(`${folder}/package.json`, import.meta.url));
  return (name) => import(pathToFileURL(resolve(name)));
}

const conformance = from("../tests/conformance");
const [{ betterAuth }, { getMigrations }, { toNodeHandler }] = await Promise.all(
  ["better-auth", "better-auth/db/migration", "better-auth/node"].map(conformance),
);

async function open(url) {
  if (url.startsWith("sqlite:///")) {
    const { default: Database } = await from(".")("better-sqlite3");
    const database = new Database(url.slice("sqlite:///".length));
    database.pragma("journal_mode = WAL");
    return database;
  }
  const { default: pg } = await conformance("pg");
  return new pg.Pool({ connectionString: url, max: 10 });
}

const { options, database, migrate } = JSON.parse(process.argv[2]);
const available = options.plugins ? await conformance("better-auth/plugins") : {};
const configured = {
  ...options,
  plugins: Object.entries(options.plugins ?? {}).map(([id, settings]) => available[id](settings)),
  database: await open(database),
  telemetry: { enabled: false },
  logger: { disabled: true },
};
if (migrate) await (await getMigrations(configured)).runMigrations();
const handle = toNodeHandler(betterAuth(configured));

const delay = monitorEventLoopDelay({ resolution: HEARTBEAT_MS });

/** The longest that the event loop was late since the last question, in milliseconds. */
function stall(response) {
  const longest = delay.enable() ? 0 : Math.max(0, delay.max / 1e6 - HEARTBEAT_MS);
  delay.reset();
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ longest }));
}

const server = createServer((request, response) =>
  request.url === "/stall" ? stall(response) : handle(request, response).catch(() => response.writeHead(500).end()),
);
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
