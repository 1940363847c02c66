"""How a request arrived, for whoever holds the server's secret: `ostiary doctor --live` asks."""

from datetime import UTC, datetime, timedelta
from typing import Final

from ostiary.crypto.signing import Keyring, decode_cookie_value, sign_cookie, unsign
from ostiary.domain.errors import Errors
from ostiary.http import json
from ostiary.http.context import Context
from ostiary.http.endpoint import Routes
from ostiary.http.messages import Response

routes = Routes()

HEADER: Final = "x-ostiary-probe"
COOKIE: Final = "doctor_probe"
_PREFIX: Final = "doctor-probe"
_SHOWN: Final = ("authorization", "host", "origin", "user-agent", "x-forwarded-for")
_FRESH_FOR: Final = timedelta(hours=1)  # clocks that differ are among what is looked for


def question(keyring: Keyring, now: datetime, nonce: str) -> str:
    """Return the header that proves to hold the server's secret; no signed value of ours looks like it."""
    return sign_cookie(f"{_PREFIX}:{round(now.timestamp())}:{nonce}", keyring)


def _is_proved(given: str, context: Context) -> bool:
    value = unsign(decode_cookie_value(given), context.services.session_cookies.keyring) or ""
    prefix, _, rest = value.partition(":")
    seconds = rest.partition(":")[0]
    if prefix != _PREFIX or not seconds.isdecimal() or len(seconds) > 11:
        return False
    return abs(datetime.fromtimestamp(int(seconds), UTC) - context.services.runtime.now()) <= _FRESH_FOR


@routes.get("/probe", raises=[Errors.NOT_FOUND])
async def probe(context: Context) -> Response:
    """Tell how this request arrived, to whoever proves to hold the server's secret; others get 404."""
    request = context.request
    given = request.headers.get(HEADER, "")
    if not _is_proved(given, context):
        raise Errors.NOT_FOUND(reason="no proof of holding the secret")
    cookie = context.services.session_cookies.names.cookie(COOKIE, timedelta(minutes=1))
    context.cookies.set(cookie, "kept", cookie.max_age)
    arrival = {
        "question": given,
        "now": context.services.runtime.now(),
        "peer": request.peer,
        "clientAddress": context.client_address,
        "cookie": cookie.name in request.cookies,
        "headers": {name: value for name in _SHOWN if (value := request.headers.get(name)) is not None},
    }
    return Response(200, [("content-type", "application/json")], json.dump(arrival))
