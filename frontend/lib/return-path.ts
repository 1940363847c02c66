/** Set by proxy.ts: a server component is not told otherwise which page it is part of. */
export const PATH_HEADER = "x-path";

const HERE = "http://here.invalid";

/** Return a path of this site to go back to; whatever could lead elsewhere becomes the dashboard. */
export function returnPath(wanted: string | null | undefined): string {
  if (!wanted?.startsWith("/")) return "/dashboard";
  try {
    const url = new URL(wanted, HERE); // reads backslashes, tabs and "//" as a browser does
    const isPage = url.origin === HERE && !/^\/(\/|api\/)/.test(url.pathname);
    return isPage ? url.pathname + url.search + url.hash : "/dashboard";
  } catch {
    return "/dashboard";
  }
}

/** Return the address of the sign-in page that leads back to `path`. */
export function signInPath(path: string, more: Record<string, string> = {}): string {
  return `/sign-in?${new URLSearchParams({ next: path, ...more })}`;
}
