import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { startBackEnd, type BackEnd } from "../../../packages/ostiary-react/test/back-end.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** The built page on one origin and the real server on another. */
export interface Site {
  /** The page at 127.0.0.1, as the server is. */
  url: string;
  backEnd: BackEnd;
  close(): Promise<void>;
}

export async function openSite(host = "127.0.0.1", environment: Record<string, string> = {}): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "token-mode-"));
  const policy = { connect: "" };
  const { server, port } = await serve(folder, policy);
  const url = `http://${host}:${port}`;
  const backEnd = await startBackEnd({ DATABASE_URL: "", BETTER_AUTH_TRUSTED_ORIGINS: url, ...environment });
  policy.connect = backEnd.url;
  process.env.VITE_API_URL = backEnd.url;
  await build({ root: ROOT, build: { outDir: folder, emptyOutDir: true }, logLevel: "error" });
  return {
    url,
    backEnd,
    async close() {
      server.closeAllConnections();
      server.close();
      await backEnd.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Serve a folder under the strictest policy that the page works with. */
async function serve(folder: string, policy: { connect: string }): Promise<{ server: Server; port: number }> {
  const server = createServer(({ url = "/" }, response) => {
    const path = url === "/" ? "/index.html" : url;
    if (path === "/elsewhere") return response.writeHead(200, { "content-type": "text/html" }).end("<h1>Elsewhere</h1>");
    try {
      const file = readFileSync(join(folder, path));
      const type = TYPES[extname(path)] ?? "text/plain";
      const csp = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${policy.connect}`;
      response.writeHead(200, { "content-type": type, "content-security-policy": csp }).end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as AddressInfo).port };
}
