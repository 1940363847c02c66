"""Sign-in by a provider (RFC 6749, OpenID Connect Core), and the accounts that come of it."""
