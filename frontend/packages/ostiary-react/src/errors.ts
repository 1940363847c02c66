import type { ErrorCode as ServerCode } from "./wire.js";

/** What this package calls what goes wrong before a server has spoken. */
type LocalCode =
  | "NETWORK_ERROR" // no answer: offline, no such host, or an origin that the server does not trust
  | "TIMEOUT"
  | "BAD_RESPONSE" // an answer, but not of the server we know: a proxy, a portal
  | "SESSION_ENDED" // signed out by the server: expired, revoked, ended elsewhere
  | "SIGNED_OUT" // the person who asked is no longer signed in
  | "UNKNOWN_ERROR"; // a refusal without a code

/** Stable, for programs; an application's own codes are texts as well. */
export type ErrorCode = ServerCode | LocalCode | (string & {});

interface Details {
  status?: number;
  retryAfter?: number | undefined;
  body?: unknown;
  cause?: unknown;
}

/** Why a request failed: `code` is for programs, `message` for people. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The status of the answer; 0 where there was none. */
  readonly status: number;
  /** In how many seconds it is worth trying again, where the server says so. */
  readonly retryAfter: number | undefined;
  /** The body of the answer, whatever it was. */
  readonly body: unknown;

  constructor(
    readonly code: ErrorCode,
    message: string,
    { status = 0, retryAfter, body, cause }: Details = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfter = retryAfter;
    this.body = body;
  }

  /** Whether the same request may succeed later: nothing was decided. */
  get isTemporary(): boolean {
    return this.status === 0 ? this.code !== "SIGNED_OUT" : this.status === 429 || this.status === 408 || this.status >= 500;
  }
}

/** What a refusal says, in the shapes of Ostiary (`detail`, `message`) and of FastAPI (a list of problems). */
function sentence(body: unknown): string | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { detail, message } = body as { detail?: unknown; message?: unknown };
  if (Array.isArray(detail)) return detail.map((each: { msg?: unknown }) => String(each?.msg)).join("; ");
  return [detail, message].find((text) => typeof text === "string");
}

/** The error that a refusal stands for. */
export async function refusal(response: Response): Promise<ApiError> {
  const body = await response.text().then(parsed, () => undefined);
  const code = (body as { code?: unknown } | undefined)?.code;
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(
    typeof code === "string" ? code : "UNKNOWN_ERROR",
    sentence(body) ?? `The server answered ${response.status}`,
    { status: response.status, retryAfter: Number.isNaN(retryAfter) ? undefined : retryAfter, body },
  );
}

/** The error that a failed `fetch` stands for (it throws TypeErrors); who aborted one gets their own reason back. */
export function failure(error: unknown, signal?: AbortSignal | null): unknown {
  if (signal?.aborted || !(error instanceof TypeError || error instanceof DOMException)) return error;
  if (error.name === "TimeoutError")
    return new ApiError("TIMEOUT", "The server took too long to answer", { cause: error });
  return new ApiError("NETWORK_ERROR", "The server cannot be reached", { cause: error });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text || undefined;
  }
}
