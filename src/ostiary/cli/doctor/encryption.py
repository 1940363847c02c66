"""Whether anybody on the way may read along: certificates, and what is served without them."""

from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import urlsplit

from ostiary.cli.doctor.finding import Finding, Subject
from ostiary.cli.doctor.road import Seen, Untrusted, ask
from ostiary.outgoing.networks import is_loopback_name

_https: Final = Subject("live: https")


def untrusted(origin: str, error: Untrusted) -> Finding:
    """Say that the way ends at the certificate."""
    return _https.failure(
        f"browsers do not trust {origin}: {error}",
        "serve a certificate for that name with its whole chain; name the file of an authority of your own in"
        " SSL_CERT_FILE",
    )


async def of_https(origin: str, seen: Seen) -> AsyncIterator[Finding]:
    """Judge what an answer of an origin says of TLS, and what stands beside it on plain http."""
    parts = urlsplit(origin)
    if parts.scheme != "https":
        if not is_loopback_name(parts.hostname or ""):
            yield _https.failure("passwords and cookies travel in the clear", "serve https")
        return
    for finding in [*_of_transport(seen), await _of_plain(parts.hostname or "")]:
        yield finding


def _of_transport(seen: Seen) -> Iterator[Finding]:
    if seen.header("strict-transport-security") is None:
        yield _https.hint(
            "browsers are not told to come by https alone", "let the front end send Strict-Transport-Security"
        )


async def _of_plain(host: str) -> Finding:
    try:
        seen = await ask("GET", f"http://{host}/", {})
    except OSError:
        return _https.ok("http is not served")
    if 300 <= seen.status < 400 and (seen.header("location") or "").startswith("https://"):
        return _https.ok("http leads to https")
    return _https.failure(f"http://{host} answers {seen.status}", "redirect everything from http to https")
