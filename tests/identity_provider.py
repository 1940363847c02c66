"""Identity providers on 127.0.0.1: of OpenID Connect, of plain OAuth 2, and the likes of Google and GitHub.

A code says by itself who grants it, so that whoever plays the browser makes codes as it likes. What was asked
for is checked: the client, its secret, the redirect URI, and the verifier against the challenge.
"""

import hashlib
import json
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from ostiary.crypto import base64url
from ostiary.domain.runtime import Runtime, SystemRuntime
from ostiary.outgoing import DefaultHttpClient
from tests.mint import Mint, published
from tests.web_server import LedElsewhere, Request, Response, web_server

CLIENT_ID = "our-client"
SECRET = "our secret: ü/+"
GOOGLE = "https://accounts.google.com"


def packed(**members: Any) -> str:
    """Return members as a code or a token."""
    return base64url.encode(json.dumps(members, sort_keys=True).encode()).decode()


def unpacked(text: str) -> dict[str, Any]:
    """Return the members of a code or a token."""
    members: dict[str, Any] = json.loads(base64url.decode(text))
    return members


def asked(url: str) -> dict[str, str]:
    """Return the parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def code_for(url: str, /, **person: Any) -> str:
    """Return the code that a person grants to an authorization request.

    `person` are the members of the profile; `lacks` names tokens that the answer leaves out, `claims` are
    claims of the ID token that differ. `token_answer` and `user_answer` are a status and a body to answer
    with instead, `on_renewal` are members that change when tokens are renewed, and with `echo` an access
    token says what it was asked for with.
    """
    request = asked(url)
    kept = {name: request[name] for name in ("code_challenge", "nonce", "redirect_uri") if name in request}
    return packed(person=person, request=kept)


@dataclass
class IdentityProvider:
    """A running server with all of them."""

    clock: Runtime = field(default_factory=SystemRuntime)
    requests: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    overrides: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Answers, by path, that take the place of the usual ones."""
    redirects: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Where somebody is sent, by path, in the place of an answer."""
    refreshes: int = 0
    silences: dict[str, threading.Event] = field(default_factory=dict)
    slowness: float = 0.0
    """Seconds that a renewal takes, for others to come meanwhile."""
    port: int = 0

    @property
    def issuer(self) -> str:
        """Who signs ID tokens."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def silent_at(self, path: str) -> Iterator[None]:
        """Let whoever asks at a path wait to the end of a block."""
        self.silences[path] = threading.Event()
        try:
            yield
        finally:
            self.silences.pop(path).set()

    def discovery(self) -> Mapping[str, Any]:
        """Describe the provider of OpenID Connect."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/logout?from=us",
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def tokens(self, form: Mapping[str, str], authorization: str, issuer: str | None) -> tuple[int, Any]:
        """Exchange a code or a refresh token."""
        client = form.get("client_id"), form.get("client_secret")
        if authorization:
            pair = b64decode(authorization.removeprefix("Basic ")).decode().split(":")
            client = unquote_plus(pair[0]), unquote_plus(pair[1])
        if client != (CLIENT_ID, SECRET):
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            threading.Event().wait(self.slowness)
            try:
                person = unpacked(form["refresh_token"].removeprefix("rt."))
            except ValueError:
                return 400, {"error": "invalid_grant"}
            if person.get("revoked"):
                return 400, {"error": "invalid_grant"}
            renewed = {**person, **person.get("on_renewal", {}), "renewed": person.get("renewed", 0) + 1}
            return 200, self._answer(_echoed(renewed, form, authorization), {}, issuer)
        try:
            code = unpacked(form["code"])
        except ValueError:
            return 400, {"error": "invalid_grant"}
        if "token_answer" in code["person"]:
            return _given(code["person"]["token_answer"])
        request = code["request"]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if "code_challenge" in request and request["code_challenge"] != base64url.encode(digest).decode():
            return 400, {"error": "invalid_grant", "error_description": "PKCE"}
        if request.get("redirect_uri") != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "redirect_uri"}
        return 200, self._answer(_echoed(code["person"], form, authorization), request, issuer)

    def _answer(self, person: dict[str, Any], request: Mapping[str, str], issuer: str | None) -> Any:
        said = {name: value for name, value in person.items() if name not in {"claims", "lacks", "life"}}
        answer = {
            "access_token": f"at.{packed(**said)}",
            "token_type": "bearer",
            "scope": person.get("scope", "openid email"),
            "expires_in": person.get("life", 3600),
            "refresh_token": f"rt.{packed(**person)}",
        }
        if issuer:
            nonce = {"nonce": request["nonce"]} if "nonce" in request else {}
            claims = {
                "aud": CLIENT_ID,
                "name": ...,
                "email": ...,
                **said,
                **nonce,
                **person.get("claims", {}),
            }
            read = {name: ... if value == "..." else value for name, value in claims.items()}
            answer["id_token"] = Mint(issuer, self.clock).token("RS256", **read)  # type: ignore[arg-type]
        return {name: value for name, value in answer.items() if name not in person.get("lacks", ())}

    def id_token(self, **person: Any) -> str:
        """Return an ID token as a client gets it that speaks to the provider of OpenID Connect itself."""
        token: str = self._answer(person, {}, self.issuer)["id_token"]
        return token

    def answer(self, method: str, url: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Answer one request; whoever is impersonated has a path that begins with the host's name."""
        path = urlsplit(url).path
        self.requests.append(f"{method} {path}")
        if form:
            self.forms.append(form)
        if path in self.overrides:
            return self.overrides[path]
        plain: Mapping[str, Callable[[], tuple[int, Any]]] = {
            "/.well-known/openid-configuration": lambda: (200, self.discovery()),
            "/jwks": lambda: (200, {"keys": [published("RS256")]}),
            "/www.googleapis.com/oauth2/v3/certs": lambda: (200, {"keys": [published("RS256")]}),
            "/token": lambda: self.tokens(form, authorization, self.issuer),
            "/plain/token": lambda: self.tokens(form, authorization, None),
            "/oauth2.googleapis.com/token": lambda: self.tokens(form, authorization, GOOGLE),
            "/github.com/login/oauth/access_token": lambda: self.tokens(form, authorization, None),
        }
        if path in plain:
            return plain[path]()
        person = unpacked(authorization.partition("at.")[2]) if "at." in authorization else None
        if person is None:
            return 401, {"message": "Bad credentials"}
        if "user_answer" in person:
            return _given(person["user_answer"])
        if path.endswith("/emails"):
            return (200, person["emails"]) if "emails" in person else (404, {"message": "Not Found"})
        return 200, {name: value for name, value in person.items() if name != "emails"}


def _echoed(person: dict[str, Any], form: Mapping[str, str], authorization: str) -> dict[str, Any]:
    if not person.get("echo"):
        return person
    long = {"code", "code_verifier", "refresh_token"}
    told = {name: "..." if name in long else value for name, value in sorted(form.items())}
    return {**person, "asked_with": {**told, "authorization": authorization}}


def _given(answer: list[Any]) -> tuple[int, Any]:
    status, body = answer
    return status, body.encode() if isinstance(body, str) else body


def _answered(provider: IdentityProvider, request: Request) -> Response | None:
    path = urlsplit(request.url).path
    if silence := provider.silences.get(path):
        silence.wait(10)
        return None
    if path in provider.redirects:
        status, target = provider.redirects[path]
        return Response(status, headers={"location": target})
    form = {name: each[0] for name, each in parse_qs(request.body.decode()).items()}
    authorization = request.headers.get("authorization", "")
    status, document = provider.answer(request.method, request.url, form, authorization)
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Response(status, body, {"content-type": "application/json"})


@contextmanager
def identity_provider(clock: Runtime | None = None) -> Iterator[IdentityProvider]:
    """Run a provider for the time of a block."""
    provider = IdentityProvider(clock or SystemRuntime())
    published("RS256")  # made before anybody waits for it
    with web_server(partial(_answered, provider)) as provider.port:
        yield provider


@dataclass
class Detour(LedElsewhere):
    """The real client, whose requests to the world end at a provider on this machine."""

    provider: IdentityProvider
    client: DefaultHttpClient = field(default_factory=DefaultHttpClient)

    def led(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.hostname == "127.0.0.1":
            return url
        assert parts.scheme == "https", f"{url} is read by everybody on the way"
        return f"{self.provider.issuer}/{parts.netloc}{parts.path}"
