// What a token costs on Node where nothing else is done: node:http, and jose as its documentation shows it.
//
// The only argument is a JSON object {"trust": {"issuer": "…", "jwks": "http://…", "secret": "…" or null}}; once it
// listens, one line {"port": 12345} is written to standard output. The end of the input ends the process.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { resolve } = createRequire(new URL("../tests/conformance/package.json", import.meta.url));
const { createRemoteJWKSet, jwtVerify } = await import(pathToFileURL(resolve("jose")));

const { issuer, jwks, secret } = JSON.parse(process.argv[2]).trust;
const hmac = { name: "HMAC", hash: "SHA-256" };
const key = secret
  ? await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), hmac, false, ["verify"])
  : createRemoteJWKSet(new URL(jwks));
const rules = { issuer, audience: issuer, algorithms: [secret ? "HS256" : "EdDSA"], clockTolerance: 30 };

async function handle(request, response) {
  try {
    const { payload } = await jwtVerify(request.headers.authorization.slice("Bearer ".length), key, rules);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ id: payload.sub }));
  } catch {
    response.writeHead(401).end();
  }
}

const server = createServer(handle);
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.stdin.on("end", () => process.exit(0)).resume();
