"""One connection to the application, and the credential it comes with."""

from typing import Final, Protocol

from starlette.requests import HTTPConnection
from starlette.types import Scope

from ostiary.domain.entities import User
from ostiary.domain.errors import AuthError, ConfigurationError
from ostiary.domain.schema import Model
from ostiary.http.asgi import raw_path, read_headers
from ostiary.http.messages import Request
from ostiary.verification.principal import Principal

SCOPE_KEY: Final = "ostiary"
_DOTS: Final = 2  # in a JWT
_WEB_SCHEMES: Final = {"ws": "http", "wss": "https"}


class Visit(Protocol):
    """Judges the credential once, however many ask."""

    @property
    def user_model(self) -> Model[User]:
        """What is known of users here."""
        ...

    @property
    def knows_roles(self) -> bool:
        """Whether a role can be told at all."""
        ...

    def at_once(self) -> Principal | None:
        """Return who calls where that can be told without waiting for anything, by a JWT; else None.

        Raises AuthError where it failed.
        """
        ...

    async def principal(self) -> Principal | None:
        """Return who calls; None where no credential came, or the session of its cookie is over.

        Raises AuthError where a token failed or another site may have made the browser send its cookie;
        StorageUnavailable and IssuerUnavailable where nobody could tell.
        """
        ...

    async def is_alive(self, principal: Principal) -> bool:
        """Tell whether what was judged would be judged the same way now."""
        ...

    def is_fresh(self, principal: Principal) -> bool:
        """Tell whether the sign-in is recent enough for sensitive work."""
        ...

    def required(self) -> AuthError:
        """Make the refusal of a request that proves nobody."""
        ...

    def log(self, error: AuthError) -> None:
        """Record a refusal."""
        ...

    def owed_headers(self) -> list[tuple[str, str]]:
        """Return what the response has to carry: cookies of a session that was touched, why one ended."""
        ...


def authorization_of(scope: Scope) -> str | None:
    """Return the Authorization header, the first of them; the request is not read for it."""
    header = _first_authorization(scope)
    return None if header is None else header.decode("latin-1")


def _first_authorization(scope: Scope) -> bytes | None:
    return dict(reversed(scope["headers"])).get(b"authorization")


def jwt_of(scope: Scope) -> str | None:
    """Return the token in the Authorization header if it has the form of a JWT, else None."""
    header = _first_authorization(scope)
    if header is None or header[:7].lower() != b"bearer " or header.count(b".") != _DOTS:
        return None
    return header[7:].decode("latin-1").strip()


def request_of(scope: Scope) -> Request:
    """Return the request of an application's connection."""
    client = scope.get("client")
    scheme: str = scope.get("scheme", "http")
    return Request(
        method=scope.get("method", "GET"),
        mount="/",  # not below the base path: what is allowed there says nothing about the application
        path=raw_path(scope),
        headers=read_headers(scope),
        # The query belongs to the application: it must not switch the cookie cache off.
        scheme=_WEB_SCHEMES.get(scheme, scheme),
        peer=client[0] if client else None,
    )


def visit_of(connection: HTTPConnection) -> Visit:
    """Return the visit of a connection; raises ConfigurationError where none is there, or it is over."""
    visit: Visit | None = connection.scope.get(SCOPE_KEY)
    if visit is None:
        raise ConfigurationError(
            "this application knows no auth server: call `auth.install(app)` on it, "
            "and ask who calls before the request is over"
        )
    return visit
