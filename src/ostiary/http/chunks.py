"""Values that are too large for one cookie, spread over several."""

from datetime import timedelta
from typing import Final

from ostiary.http.cookies import Cookie, CookieJar, chunk_index
from ostiary.http.messages import Request

LARGEST_COOKIE: Final = 4050
MOST_CHUNKS: Final = 100


def write_chunks(
    jar: CookieJar, request: Request, cookie: Cookie, value: str, max_age: timedelta | None
) -> None:
    """Set a cookie, in chunks where it is large; a value that is too large even so is left out."""
    room = LARGEST_COOKIE - len(cookie.numbered(MOST_CHUNKS - 1).line("", max_age))
    pieces = [value[start : start + room] for start in range(0, len(value), room)]
    if len(pieces) == 1:
        written = {cookie.name: (cookie, value)}
    elif len(pieces) <= MOST_CHUNKS:
        chunks = [(cookie.numbered(index), piece) for index, piece in enumerate(pieces)]
        written = {chunk.name: (chunk, piece) for chunk, piece in chunks}
    else:
        written = {}
    stale = {old.name: (old, None) for old in _sent(request, cookie)}
    for each, content in {**stale, **written}.values():
        jar.set(each, content or "", max_age if content else timedelta(0))


def expire_chunks(jar: CookieJar, request: Request, cookie: Cookie) -> None:
    """Expire what the browser sent of a cookie, whole or in chunks."""
    for each in _sent(request, cookie):
        jar.set(each, "", timedelta(0))


def _sent(request: Request, cookie: Cookie) -> list[Cookie]:
    return [
        Cookie(name, cookie.attributes)
        for name in request.cookies
        if name == cookie.name or chunk_index(cookie.name, name) is not None
    ]
