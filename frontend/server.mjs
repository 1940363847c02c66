// Next.js behind an HTTP server of our own, for one reason: only here is it known who is calling.
// Next passes on whatever X-Forwarded-For a client sends, so the header is written anew.
import { createServer } from "node:http";
import next from "next";

process.env.NEXT_TELEMETRY_DISABLED = "1";

const dev = process.argv.includes("--dev");
const hostname = process.env.HOST || "127.0.0.1";
const port = Number(process.env.PORT || 3000);
// Set where a proxy of ours stands before this server and writes the header itself.
const behindProxy = process.env.TRUST_FORWARDED_FOR === "1";

const app = next({ dev, hostname, port });

/** @param {import("node:http").IncomingMessage} request */
function nameClient(request) {
  const peer = request.socket.remoteAddress ?? "";
  const said = behindProxy ? request.headers["x-forwarded-for"] : undefined;
  request.headers["x-forwarded-for"] = said ? `${said}, ${peer}` : peer;
}

await app.prepare();
const handle = app.getRequestHandler();
createServer((request, response) => {
  nameClient(request);
  handle(request, response);
})
  .on("upgrade", app.getUpgradeHandler())
  .listen(port, hostname, () => console.log(`Ready on http://${hostname}:${port}`));
