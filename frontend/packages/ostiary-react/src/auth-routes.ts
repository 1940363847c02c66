import { ApiError, failure, refusal } from "./errors.js";

// Shorter than the time for which the server answers a used refresh token once more (10 s): an answer that got lost
// is asked for again within it.
const PATIENCE = 8_000;
const PATIENCE_WITH_PASSWORDS = 30_000;

/** The server's own routes: the only requests that carry the cookie. */
export class AuthRoutes {
  constructor(
    readonly url: string,
    private readonly fetch: typeof globalThis.fetch,
  ) {}

  /** Post what there is to post; without a body it is a request that browsers send without asking first. */
  async post(path: string, { json, token }: { json?: object; token?: string | undefined } = {}): Promise<unknown> {
    const headers: Record<string, string> = {};
    if (json) headers["content-type"] = "application/json";
    if (token) headers["authorization"] = `Bearer ${token}`;
    try {
      const response = await this.fetch(this.url + path, {
        method: "POST",
        headers,
        body: json ? JSON.stringify(json) : null,
        credentials: "include",
        cache: "no-store",
        keepalive: !json, // the answer's cookie counts, even if the page is left meanwhile
        signal: AbortSignal.timeout(json ? PATIENCE_WITH_PASSWORDS : PATIENCE),
      });
      if (!response.ok) throw await refusal(response);
      const text = await response.text();
      return text === "" ? null : JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) throw new ApiError("BAD_RESPONSE", "The server answered no JSON", { cause: error });
      throw failure(error);
    }
  }
}
