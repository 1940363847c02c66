const development = process.env.NODE_ENV === "development";

export function newNonce(): string {
  return btoa(crypto.randomUUID());
}

/** Nothing from elsewhere, no inline script without this response's nonce, no framing. */
export function contentSecurityPolicy(nonce: string): string {
  const directives = [
    "default-src 'self'",
    // React's development build evaluates code for its error pages; the production build does not.
    `script-src 'self' 'nonce-${nonce}'${development ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return directives.join("; ");
}
