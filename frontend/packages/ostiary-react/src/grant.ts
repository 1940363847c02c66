import { ApiError } from "./errors.js";
import type { components } from "./wire.js";

type Schemas = components["schemas"];

/** Who is signed in. */
export type User = Schemas["TokenUser"];

/** What a sign-in gives. The refresh token is not part of it: a cookie holds it that no script can read. */
export interface Grant {
  readonly accessToken: string;
  readonly user: User;
  /** By this browser's clock, counted from the answer: what the server's clock says does not matter. */
  readonly expiresAt: number;
  /** When to ask for the next one. */
  readonly refreshAt: number;
}

const MARGIN = 60_000;

export function grantOf(body: unknown): Grant | null {
  const pair = body as Partial<Schemas["TokenPair"]> | null | undefined;
  if (typeof pair?.access_token !== "string" || typeof pair.expires_in !== "number" || !pair.user) return null;
  const life = pair.expires_in * 1000;
  const expiresAt = Date.now() + life;
  return {
    accessToken: pair.access_token,
    user: pair.user,
    expiresAt,
    refreshAt: expiresAt - Math.min(MARGIN, life / 5),
  };
}

export function requireGrant(body: unknown): Grant {
  const grant = grantOf(body);
  if (grant === null) throw new ApiError("BAD_RESPONSE", "The server answered something else than tokens", { body });
  return grant;
}
