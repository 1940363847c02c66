"""Bytes in, bytes out: signatures, encryption, tokens, password hashes; byte-compatible with Better Auth."""
