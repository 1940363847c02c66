"""A Verifier in Python accepts what a Better Auth server on Node issues, and PyJWT what Ostiary signs."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from ostiary import JwksIssuer, Options, SessionIssuer, SharedSecretIssuer, Verifier
from ostiary.domain.errors import AuthError
from ostiary.domain.roles import ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.messages import Request
from ostiary.plugins import Jwt, KeyOptions
from tests.builders import ORIGIN, SECRET, Browser, some_auth
from tests.conformance.normalise import Json
from tests.conformance.servers import ServerFailedError
from tests.conformance.stage import BASE_URL, Configuration, Theatre, configuration
from tests.contract.places import MARIA, POSTGRES, SQLITE, Place, apart, execute, param
from tests.integration.application import ADA
from tests.key_server import key_server
from tests.mint import AUDIENCE, Mint, private, published

pytestmark = pytest.mark.services
LATEST = "1.7.24"


@dataclass
class Node:
    """A Better Auth server on Node, and somebody who signed up there."""

    port: int
    headers: dict[str, str]
    """The cookie."""
    signed: str
    """The session token as the bearer plugin hands it out."""

    def get(self, path: str, **headers: str) -> Any:
        """Ask the server as the person would."""
        return _request(self.port, "GET", path, {**self.headers, **headers}).json()

    def sign_out(self) -> None:
        """End the session."""
        assert _request(self.port, "POST", "/sign-out", self.headers, {}).status_code == 200


def _request(
    port: int, method: str, path: str, headers: dict[str, str], body: Json = None
) -> httpx2.Response:
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}/api/auth") as client:
        answer = client.request(method, path, headers={"origin": BASE_URL, **headers}, json=body)
    assert answer.is_success, answer.text
    return answer


@contextmanager
def node(
    house: Theatre, chosen: Configuration, database: str, redis: str | None = None, version: str = LATEST
) -> Iterator[Node]:
    """Run a server on a database and sign up."""
    server = house.servers[version]
    try:
        port = server.start(chosen.name, dict(chosen.options), database, redis)
    except ServerFailedError as failure:
        if "better-sqlite3" in str(failure):
            pytest.skip("Node has no driver for SQLite here: it could not be compiled")
        raise
    try:
        answer = _request(port, "POST", "/sign-up/email", {}, ADA)
        cookie = answer.headers["set-cookie"].split(";")[0]
        yield Node(port, {"cookie": cookie}, answer.headers["set-auth-token"])
    finally:
        server.stop(chosen.name)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return an empty database of a kind."""
    kind: Place = getattr(request, "param", POSTGRES)
    url = kind.create(tmp_path)
    yield url
    kind.drop(url)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "ES512", "PS256", "RS256"])
@pytest.mark.parametrize("version", ["1.7.7", LATEST])
async def test_tokens_of_a_node_server_tell_who_calls(
    house: Theatre, place: str, algorithm: str, version: str
) -> None:
    keys: Json = {"jwks": {"keyPairConfig": {"alg": algorithm}}}
    chosen = configuration(f"verifier_{algorithm}", plugins={"jwt": keys, "bearer": {}, "admin": {}})
    with node(house, chosen, place, version=version) as server:
        token = server.get("/token")["token"]
        address = f"http://127.0.0.1:{server.port}/api/auth/jwks"
        issuer = JwksIssuer(issuer=BASE_URL, audience=BASE_URL, jwks_url=address, algorithms=[algorithm])
        verifier = Verifier(issuer)
        async with verifier.lifespan():
            principal = await verifier.verify(token)
            assert (principal.user.email, principal.user.name) == (ADA["email"], ADA["name"])
            assert principal.user[ROLE] == "user"
            assert principal.user.id == principal.claims["id"]
            assert principal.user.created_at.year > 2020
            head, claims, signature = token.split(".")
            forged = f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
            with pytest.raises(AuthError, match="INVALID_SIGNATURE"):
                await verifier.verify(forged)
    elsewhere = Verifier(JwksIssuer(issuer=f"{BASE_URL}/", audience=BASE_URL, jwks_url=address))
    with pytest.raises(AuthError, match="INVALID_TOKEN"):
        await elsewhere.verify(token)


SHAPES = {
    "plain": {},
    "with roles": {"plugins": {"bearer": {}, "admin": {}}},
    "UUIDs": {"advanced": {"database": {"generateId": "uuid"}}},
    "serial ids": {"advanced": {"database": {"generateId": "serial"}}},
    "renamed": {
        "user": {"modelName": "people", "fields": {"email": "mail"}}, "session": {"modelName": "visits"},
    },
    "secure cookies": {"advanced": {"useSecureCookies": True}},
    "another prefix": {"advanced": {"cookiePrefix": "acme"}},
}  # fmt: skip


def options_of(chosen: Configuration) -> Options:
    """Read the server's own configuration, as far as it decides about sessions."""
    return Options.from_mapping({name: it for name, it in chosen.options.items() if name != "plugins"})


async def judged(verifier: Verifier, server: Node) -> list[str]:
    """Return how the cookie and the signed token prove the person."""
    found: list[str] = []
    for headers in (server.headers, {"authorization": f"Bearer {server.signed}"}):
        principal = await verifier.judge(Request("GET", "/", headers))
        if principal is not None:
            assert principal.user.email == ADA["email"]
            assert principal.session is not None
            found.append(principal.proof)
    return found


@pytest.mark.parametrize("place", [param(each) for each in (POSTGRES, MARIA, SQLITE)], indirect=True)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_sessions_that_node_wrote_are_found_in_its_database(
    house: Theatre, place: str, shape: dict[str, Json]
) -> None:
    chosen = configuration("verifier_sessions", **{"plugins": {"bearer": {}}, **shape})
    with node(house, chosen, place) as server:
        verifier = Verifier(SessionIssuer(options=options_of(chosen), database=place))
        async with verifier.lifespan():
            assert await judged(verifier, server) == ["cookie", "session-token"]
            forged = re.sub(r".=$", "A=", server.signed)
            with pytest.raises(AuthError, match="INVALID_SIGNATURE"):
                await verifier.verify(f"{'x' * 32}.{forged.rpartition('.')[2]}")
            server.sign_out()
            with pytest.raises(AuthError, match="INVALID_TOKEN"):
                await judged(verifier, server)
            assert await verifier.judge(Request("GET", "/", server.headers)) is None


@pytest.mark.parametrize("place", [param(each) for each in (POSTGRES, MARIA, SQLITE)], indirect=True)
async def test_bans_and_ends_that_node_wrote_are_enforced(house: Theatre, place: str) -> None:
    """S24, S26"""
    chosen = configuration("verifier_bans", plugins={"bearer": {}, "admin": {}})
    quote = "`" if place.startswith("mysql") else '"'
    with node(house, chosen, place) as server:
        verifier = Verifier(SessionIssuer(options=options_of(chosen), database=place))
        async with verifier.lifespan():
            assert (await verifier.verify(server.signed)).user[ROLE] == "user"
            yes, no = ("1", "0") if place.startswith("sqlite") else ("true", "false")
            apart(execute(place, f"UPDATE {quote}user{quote} SET banned = {yes}"))
            with pytest.raises(AuthError, match="INVALID_TOKEN"):
                await verifier.verify(server.signed)
            apart(execute(place, f"UPDATE {quote}user{quote} SET banned = {no}"))
            assert await judged(verifier, server) == ["cookie", "session-token"]
            ended = "2020-01-01T00:00:00.000Z" if place.startswith("sqlite") else "2020-01-01 00:00:00"
            apart(execute(place, f"UPDATE session SET {quote}expiresAt{quote} = '{ended}'"))
            with pytest.raises(AuthError, match="EXPIRED_TOKEN"):
                await verifier.verify(server.signed)


@pytest.mark.parametrize("in_database", [False, True], ids=["Redis", "Redis and PostgreSQL"])
async def test_sessions_that_node_wrote_are_found_in_its_redis(
    house: Theatre, place: str, *, in_database: bool
) -> None:
    session: Json = {"storeSessionInDatabase": in_database}
    chosen = configuration("verifier_redis", redis=True, session=session, plugins={"bearer": {}, "admin": {}})
    redis = house.redis["shared"]
    with node(house, chosen, place, redis) as server:
        places: dict[str, Any] = {"key_value": redis, "database": place if in_database else None}
        verifier = Verifier(SessionIssuer(options=options_of(chosen), **places))
        async with verifier.lifespan():
            assert await judged(verifier, server) == ["cookie", "session-token"]
            assert (await verifier.verify(server.signed)).user[ROLE] == "user"
            server.sign_out()
            with pytest.raises(AuthError, match="INVALID_TOKEN"):
                await judged(verifier, server)


ALGORITHMS = ["EdDSA", "ES256", "ES512", "PS256", "RS256"]


@pytest.fixture
async def browser(request: pytest.FixtureRequest) -> AsyncIterator[Browser]:
    """Return a browser on an Ostiary that signs with an algorithm."""
    auth = some_auth(plugins=[Jwt(keys=KeyOptions(algorithm=request.param))])
    async with Browser(auth) as tab:
        await tab.sign_up()
        yield tab
    await auth.close()


@pytest.mark.parametrize(
    ("browser", "algorithm"), [(each, each) for each in ALGORITHMS], indirect=["browser"]
)
async def test_pyjwt_proves_what_ostiary_signs(browser: Browser, algorithm: str) -> None:
    token = (await browser.get("/token")).json()["token"]
    published_keys = jwt.PyJWKSet.from_dict((await browser.get("/jwks")).json())
    key = published_keys[jwt.get_unverified_header(token)["kid"]]
    times = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}  # the clock of the test is frozen
    claims = jwt.decode(token, key, algorithms=[algorithm], audience=ORIGIN, issuer=ORIGIN, options=times)
    assert claims["email"] == "ada@example.com"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_verifier_proves_what_pyjwt_signs(clock: FrozenRuntime, algorithm: str) -> None:
    async with key_server(*map(published, ALGORITHMS)) as server:
        key = jwt.PyJWK(private(algorithm)._key.as_dict(private=True), algorithm)
        token = jwt.encode(Mint(server.origin, clock).claims(), key.key, algorithm, {"kid": algorithm})
        verifier = Verifier(JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock)
        async with verifier.lifespan():
            assert (await verifier.verify(token)).user.email == "ada@example.com"


async def test_a_verifier_proves_what_pyjwt_signs_with_a_shared_secret(clock: FrozenRuntime) -> None:
    issuer = SharedSecretIssuer(issuer="https://auth.example", audience=AUDIENCE, secret=SECRET)
    token = jwt.encode(Mint(issuer.issuer, clock).claims(), SECRET, "HS256")
    assert (await Verifier(issuer, runtime=clock).verify(token)).user.email == "ada@example.com"
