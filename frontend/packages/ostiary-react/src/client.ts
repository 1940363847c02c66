import { AuthRoutes } from "./auth-routes.js";
import { ApiError, failure, refusal } from "./errors.js";
import { Session } from "./session.js";

export interface ApiClientOptions {
  /** Where the server is, such as `https://api.example.com`. */
  baseURL: string;
  /** Where its auth routes are; `/api/auth` unless the server was told otherwise. */
  basePath?: string;
  /** Further origins whose services take the server's access tokens. */
  origins?: readonly string[];
  /** What sends requests; the browser's own by default. */
  fetch?: typeof fetch;
}

/** What a request may say, besides its body. */
export interface RequestOptions extends Omit<RequestInit, "body" | "method"> {
  /** What goes after the question mark; undefined members are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** A form, a text, a file, or anything that is to be sent as JSON. */
export type Body = BodyInit | object | null;

/** Calls an API as whoever is signed in; rejects with `ApiError`. */
export interface ApiClient {
  readonly session: Session;
  /** `fetch` with the access token, for libraries that take one. A refusal is an answer, as with `fetch`. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  get<T>(path: string, options?: RequestOptions): Promise<T>;
  post<T>(path: string, body?: Body, options?: RequestOptions): Promise<T>;
  put<T>(path: string, body?: Body, options?: RequestOptions): Promise<T>;
  patch<T>(path: string, body?: Body, options?: RequestOptions): Promise<T>;
  delete<T = void>(path: string, options?: RequestOptions): Promise<T>;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const base = options.baseURL.replace(/\/+$/, "");
  const send: typeof fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const session = new Session(new AuthRoutes(base + (options.basePath ?? "/api/auth"), send));
  const origins = new Set([base, ...(options.origins ?? [])].map((address) => new URL(address).origin));

  function addressed(input: string | URL | Request): string | Request {
    if (input instanceof Request) return knownOrigin(input.url) && input;
    return knownOrigin(new URL(input, `${base}/`).href);
  }

  function knownOrigin<T extends string>(url: T): T {
    if (origins.has(new URL(url).origin)) return url;
    throw new Error(`The access token is not for ${new URL(url).origin}: name it in \`origins\` if it is`);
  }

  async function authorized(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(addressed(input), { credentials: "omit", ...init });
    const grant = await abortable(session.grant(), request.signal);
    if (grant === null) return send(request);
    const first = await send(bearing(request.clone(), grant.accessToken));
    if (first.status !== 401) return first;
    const next = await abortable(session.grantAfter(grant), request.signal);
    if (next === null) return first;
    // what one person began must not be done as another
    if (next.user.id !== grant.user.id) throw new ApiError("SIGNED_OUT", "Somebody else is signed in now");
    const second = await send(bearing(request, next.accessToken));
    if (second.status === 401) await session.logout(); // a fresh token is refused: there is nothing left to try
    return second;
  }

  async function call<T>(method: string, path: string, body: Body | undefined, given: RequestOptions = {}): Promise<T> {
    const { query, ...init } = given;
    const encoded = encode(body);
    const headers = new Headers(init.headers);
    if (!headers.has("accept")) headers.set("accept", "application/json");
    if (encoded.type && !headers.has("content-type")) headers.set("content-type", encoded.type);
    try {
      const response = await authorized(withQuery(path, query), { ...init, method, headers, body: encoded.body });
      if (!response.ok) throw await refusal(response);
      return (await content(response)) as T;
    } catch (error) {
      throw failure(error, init.signal);
    }
  }

  return {
    session,
    fetch: authorized,
    get: (path, given) => call("GET", path, undefined, given),
    post: (path, body, given) => call("POST", path, body, given),
    put: (path, body, given) => call("PUT", path, body, given),
    patch: (path, body, given) => call("PATCH", path, body, given),
    delete: (path, given) => call("DELETE", path, undefined, given),
  };
}

function bearing(request: Request, token: string): Request {
  request.headers.set("authorization", `Bearer ${token}`);
  return request;
}

function encode(body: Body | undefined): { body: BodyInit | null; type?: string } {
  if (body === undefined || body === null || typeof body === "string") return { body: body ?? null };
  const asItIs = [FormData, URLSearchParams, Blob, ArrayBuffer, ReadableStream];
  if (asItIs.some((kind) => body instanceof kind) || ArrayBuffer.isView(body)) return { body: body as BodyInit };
  return { body: JSON.stringify(body), type: "application/json" };
}

function withQuery(path: string, query: RequestOptions["query"]): string {
  const members = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (members.length === 0) return path;
  const text = new URLSearchParams(members.map(([name, value]) => [name, String(value)])).toString();
  return path + (path.includes("?") ? "&" : "?") + text;
}

async function content(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  if (!/[/+]json\b/.test(response.headers.get("content-type") ?? "")) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError("BAD_RESPONSE", "The server answered no JSON", { status: response.status, body: text, cause });
  }
}

/** Stop waiting when the request is aborted; what is waited for is everybody's and goes on. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
