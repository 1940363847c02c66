// The reference server: any number of Better Auth configurations in one process, each on a port of its own.
//
// One JSON object per line on standard input asks for something, one per line on standard output answers:
//   {"start": "name", "options": {…, "plugins": {"jwt": {…}}}, "database": "postgresql://…", "mysql://…", "sqlite:///…" or null, "redis": "redis://…" or null}  ->  {"started": "name", "port": 12345}
// An option that is "recorded" becomes a function that writes down what it was called with, one that is "failing" throws
// then. `GET /-/calls?of=text` takes the calls that mention an address with this text.
//   {"stop": "name"}                                                                               ->  {"stopped": "name"}
// The end of the input, or SIGTERM, ends the process.

import { createServer } from "node:http";
import { createInterface } from "node:readline";

/** Better Auth's storage contract on Redis, with the atomic verbs it asks for. */
function secondaryStorage(redis) {
  return {
    get: (key) => redis.get(key),
    getAndDelete: (key) => redis.getdel(key),
    set: (key, value, ttl) => (ttl ? redis.set(key, value, "EX", ttl) : redis.set(key, value)),
    delete: async (key) => {
      await redis.del(key);
    },
    increment: async (key, ttl) => {
      const count = await redis.incr(key);
      if (count === 1) await redis.expire(key, ttl);
      return count;
    },
  };
}

/** The database of an address, and how it is closed; only the latest server speaks anything but PostgreSQL. */
async function open({ pg, load }, address) {
  if (!address) return {};
  if (address.startsWith("sqlite:///")) {
    const { default: Database } = await load("better-sqlite3");
    const file = new Database(address.slice("sqlite:///".length));
    return { database: file, close: () => file.close() };
  }
  if (address.startsWith("mysql://")) {
    const { default: mysql } = await load("mysql2/promise");
    const pool = mysql.createPool({ uri: address, connectionLimit: 4, timezone: "Z" });
    return { database: pool, close: () => pool.end() };
  }
  const pool = new pg.Pool({ connectionString: address, max: 4, idleTimeoutMillis: 2000 });
  pool.on("error", () => {}); // a database that is dropped under an idle connection is the test's business
  return { database: pool, close: () => pool.end() };
}

/** Put functions that record their calls in the place of "recorded" and "failing". */
function recording(options, calls) {
  const replace = (value, name) => {
    if (value === "recorded" || value === "failing") {
      return async (argument) => {
        const { user, newEmail, url, token } = "user" in argument ? argument : { user: argument };
        const { name: called, email, emailVerified } = user;
        calls.push({ call: name, user: { name: called, email, emailVerified }, newEmail, url, token });
        if (value === "failing") throw new Error("no mail leaves this server");
      };
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, replace(inner, key)]));
  };
  return replace(options, "");
}

/** Answer with the calls that mention a text, and forget them. */
function takeCalls(calls, request, response) {
  const text = new URL(request.url, "http://server").searchParams.get("of");
  const taken = calls.filter((call) => JSON.stringify(call).includes(text));
  for (const call of taken) calls.splice(calls.indexOf(call), 1);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(taken));
}

async function start(modules, { options, database: address, redis }) {
  const { betterAuth, getMigrations, toNodeHandler, plugins, Redis } = modules;
  const { database, close } = await open(modules, address);
  const client = redis ? new Redis(redis) : null;
  const calls = [];
  const configured = {
    ...recording(options, calls),
    plugins: Object.entries(options.plugins ?? {}).map(([id, settings]) => plugins[id](settings)),
    ...(database ? { database } : {}),
    ...(client ? { secondaryStorage: secondaryStorage(client) } : {}),
    telemetry: { enabled: false },
    logger: process.env.REFERENCE_LOG ? { level: "debug" } : { disabled: true },
  };
  if (database) await (await getMigrations(configured)).runMigrations();
  const handle = toNodeHandler(betterAuth(configured));
  // A handler that throws is answered as every web framework does; the bare adapter would end the process.
  const server = createServer((request, response) =>
    request.url.startsWith("/-/calls")
      ? takeCalls(calls, request, response)
      : handle(request, response).catch(() => response.writeHead(500).end()),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await close?.();
    client?.disconnect();
  };
  return { port: server.address().port, stop };
}

export async function serve(modules) {
  const running = new Map();
  const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
  const ask = async (request) => {
    if (request.start) {
      const server = await start(modules, request);
      running.set(request.start, server);
      answer({ started: request.start, port: server.port });
    } else {
      await running.get(request.stop)?.stop();
      running.delete(request.stop);
      answer({ stopped: request.stop });
    }
  };
  process.on("SIGTERM", () => process.exit(0));
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      await ask(JSON.parse(line));
    } catch (error) {
      answer({ error: String(error?.stack ?? error) });
    }
  }
  process.exit(0);
}
