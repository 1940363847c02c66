import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

type Answer = { status?: number; json?: unknown; text?: string; headers?: Record<string, string> } | "hang up";
type Handler = (seen: Seen) => Answer | Promise<Answer>;

export const ADA = {
  id: "ada",
  email: "ada@example.com",
  name: "Ada",
  image: null,
  email_verified: true,
  is_active: true,
  role: "user",
  created_at: "2030-01-01T00:00:00Z",
  last_login_at: null,
};
export const BOB = { ...ADA, id: "bob", email: "bob@example.com", name: "Bob" };

/** A server over HTTP whose answers, and failures, a test decides. */
export class Stage {
  readonly seen: Seen[] = [];
  readonly #handlers = new Map<string, Handler>();
  #issued = 0;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async open(): Promise<Stage> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const stage = new Stage(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
    server.on("request", (request, response) => void stage.answer(request, response));
    stage.on("POST /api/auth/refresh", () => ({ status: 401, json: { detail: "Refresh token required", code: "REFRESH_TOKEN_REQUIRED" } }));
    stage.on("POST /api/auth/login", () => stage.pair());
    stage.on("POST /api/auth/logout", () => ({ status: 204 }));
    return stage;
  }

  on(route: string, handler: Handler): void {
    this.#handlers.set(route, handler);
  }

  /** A pair of tokens; the access tokens are numbered. */
  pair(user = ADA, expires_in = 900): Answer {
    this.#issued += 1;
    return { json: { access_token: `token-${this.#issued}`, token_type: "bearer", expires_in, user } };
  }

  count(route: string): number {
    return this.seen.filter(({ method, path }) => `${method} ${path}` === route).length;
  }

  close(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const seen = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.seen.push(seen);
    const handler = this.#handlers.get(`${seen.method} ${seen.path.split("?")[0]}`);
    const answer = (await handler?.(seen)) ?? { status: 404, json: { code: "NOT_FOUND" } };
    if (answer === "hang up") return void request.socket.destroy();
    const { status = 200, json, text, headers = {} } = answer;
    response.writeHead(status, { ...(json === undefined ? {} : { "content-type": "application/json" }), ...headers });
    response.end(json === undefined ? text : JSON.stringify(json));
  }
}
