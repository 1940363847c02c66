import { getSessionCookie } from "better-auth/cookies";
import { NextResponse, type NextRequest } from "next/server";
import { backendUrl } from "@/lib/backend-url";
import { contentSecurityPolicy, newNonce } from "@/lib/content-security-policy";
import { PATH_HEADER, signInPath } from "@/lib/return-path";

const PRIVATE = /^\/(dashboard|settings|admin)(\/|$)/;

/** Sends /api to the back end; looks early whether there is a session cookie; gives every page its policy. */
export function proxy(request: NextRequest) {
  const { pathname, search } = request.nextUrl;
  if (pathname.startsWith("/api/")) return NextResponse.rewrite(new URL(pathname + search, backendUrl()));

  const path = pathname + search;
  // A guess that saves a round trip: whether the session lives is asked by the page itself.
  if (PRIVATE.test(pathname) && !getSessionCookie(request)) {
    return NextResponse.redirect(new URL(signInPath(path), request.url));
  }

  const policy = contentSecurityPolicy(newNonce());
  const headers = new Headers(request.headers);
  headers.set(PATH_HEADER, path);
  headers.set("content-security-policy", policy); // Next reads the nonce from it and puts it on its scripts
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: "/((?!_next/static|_next/image|icon.svg).*)" };
