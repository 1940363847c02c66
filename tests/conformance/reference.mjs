// The reference server: any number of Better Auth configurations in one process, each on a port of its own.
//
// One JSON object per line on standard input asks for something, one per line on standard output answers:
//   {"start": "name", "options": {…}, "database": "postgresql://…", "redis": "redis://…" or null}  ->  {"started": "name", "port": 12345}
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

async function start({ betterAuth, getMigrations, toNodeHandler, pg, Redis }, { options, database, redis }) {
  const pool = new pg.Pool({ connectionString: database, max: 4, idleTimeoutMillis: 2000 });
  pool.on("error", () => {}); // a database that is dropped under an idle connection is the test's business
  const client = redis ? new Redis(redis) : null;
  const configured = {
    ...options,
    database: pool,
    ...(client ? { secondaryStorage: secondaryStorage(client) } : {}),
    telemetry: { enabled: false },
    logger: process.env.REFERENCE_LOG ? { level: "debug" } : { disabled: true },
  };
  await (await getMigrations(configured)).runMigrations();
  const handle = toNodeHandler(betterAuth(configured));
  // A handler that throws is answered as every web framework does; the bare adapter would end the process.
  const server = createServer((request, response) =>
    handle(request, response).catch(() => response.writeHead(500).end()),
  );
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await pool.end();
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
