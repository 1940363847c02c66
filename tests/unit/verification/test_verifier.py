"""One Verifier judges what a request presents: a token in its header, a session in its header or cookie."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ostiary import (
    Advanced,
    Auth,
    Field,
    JwksIssuer,
    Options,
    Principal,
    SessionIssuer,
    SharedSecretIssuer,
    UserOptions,
    Verifier,
)
from ostiary.crypto.signing import Keyring, sign, sign_cookie
from ostiary.domain.entities import User
from ostiary.domain.errors import AuthError, IssuerUnavailable, StorageUnavailable
from ostiary.domain.models import SESSION, USER, SessionFields, UserFields
from ostiary.domain.roles import BANNED, ROLE
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.messages import Request
from ostiary.plugins import Admin
from ostiary.services.deny_list import DenyList
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import ORIGIN, SECRET, Browser, some_auth, some_options
from tests.key_server import KeyServer, key_server
from tests.mint import AUDIENCE, Mint, published
from tests.security.forgeries import by_secret

COOKIE = "better-auth.session_token"
PLAN = Field[str](name="plan", default="free")


@dataclass
class House:
    """A server with somebody signed in, and a service that shares its store."""

    auth: Auth
    token: str
    clock: FrozenRuntime

    def verifier(self, **changes: Any) -> Verifier:
        """Return a service that looks sessions up where the server keeps them."""
        options = changes.pop("options", self.auth.options)
        place = {"database": self.auth.services.store} if not changes else {}
        issuer = SessionIssuer(options=options, **{**place, **changes})
        return Verifier(issuer, runtime=self.clock)

    @property
    def signed(self) -> str:
        """The session token as a client carries it."""
        return sign(self.token, Keyring.of(SECRET))


@pytest.fixture
async def house(clock: FrozenRuntime) -> AsyncIterator[House]:
    auth = some_auth(clock=clock, plugins=[Admin()])
    async with Browser(auth) as tab:
        signed_up = await tab.sign_up()
    yield House(auth, signed_up["token"], clock)
    await auth.close()


def bearing(token: str, method: str = "GET", **headers: str) -> Request:
    return Request(method, "/", {"authorization": f"Bearer {token}", **headers})


def carrying(value: str, method: str = "GET", name: str = COOKIE, **headers: str) -> Request:
    return Request(method, "/", {"cookie": f"{name}={value}", **headers})


async def refused(verifier: Verifier, request: Request) -> str:
    with pytest.raises(AuthError) as error:
        await verifier.judge(request)
    assert error.value.status in {401, 403}
    return str(error.value.code)


async def test_a_session_is_accepted_as_cookie_and_as_bearer(house: House) -> None:
    verifier = house.verifier()
    for request, proof in (
        (carrying(sign_cookie(house.token, Keyring.of(SECRET))), "cookie"),
        (bearing(house.signed), "session-token"),
        (bearing(sign_cookie(house.token, Keyring.of(SECRET))), "session-token"),
    ):
        principal = await verifier.judge(request)
        assert principal is not None
        assert (principal.proof, principal.user.email) == (proof, "ada@example.com")
        assert principal.session is not None
        assert principal.session_id == principal.session.id
        assert principal.user[ROLE] == "user"


async def test_nothing_presented_is_nobody(house: House) -> None:
    verifier = house.verifier()
    for headers in ({}, {"cookie": "theme=dark"}, {"cookie": f"{COOKIE}="}, {"cookie": ";;;"}):
        assert await verifier.judge(Request("GET", "/", headers)) is None


async def test_a_header_in_another_format_is_told_so_unless_a_cookie_proves_somebody(house: House) -> None:
    verifier = house.verifier()
    for header in ("Basic YTpi", "Bearer", "Bearer ", house.signed):
        request = Request("GET", "/", {"authorization": header})
        assert await refused(verifier, request) == "INVALID_AUTHORIZATION_FORMAT"
    both = carrying(house.signed, authorization="Basic YTpi")
    assert await verifier.judge(both) is not None


async def test_a_token_in_the_header_stands_before_the_cookie(house: House) -> None:
    request = carrying(house.signed, authorization="Bearer a.b.c")
    assert await refused(house.verifier(), request) == "MALFORMED_TOKEN"


async def test_an_unsigned_token_is_accepted_only_where_the_operator_says_so(house: House) -> None:
    """S34"""
    assert await refused(house.verifier(), bearing(house.token)) == "MALFORMED_TOKEN"
    opted = house.verifier(allow_unsigned=True, database=house.auth.services.store)
    principal = await opted.judge(bearing(house.token))
    assert principal is not None
    assert await opted.judge(carrying(house.token)) is None, "a cookie is never unsigned"
    for made_up in ("x", "a\0b", "\udcff", "' or 1=1--"):
        assert await refused(opted, bearing(made_up)) == "INVALID_TOKEN"


async def test_a_session_ends_here_when_it_ends_there(house: House, clock: FrozenRuntime) -> None:
    """S25"""
    verifier = house.verifier()
    await house.auth.services.sessions.revoke(house.token)
    assert await refused(verifier, bearing(house.signed)) == "INVALID_TOKEN"
    assert await verifier.judge(carrying(house.signed)) is None


async def test_a_session_ends_by_idling_and_by_age(house: House, clock: FrozenRuntime) -> None:
    """S24"""
    verifier, rows = house.verifier(), house.auth.services.store.rows(SESSION)
    clock.advance(days=7)
    assert await verifier.judge(bearing(house.signed)) is not None
    clock.advance(seconds=1)
    assert await refused(verifier, bearing(house.signed)) == "EXPIRED_TOKEN"
    far = {SessionFields.EXPIRES_AT: clock.now() + timedelta(days=300)}
    await rows.update(far, SessionFields.TOKEN.equals(house.token))
    assert await verifier.judge(bearing(house.signed)) is not None
    clock.advance(days=90)
    assert await refused(verifier, bearing(house.signed)) == "EXPIRED_TOKEN"


async def test_a_banned_user_is_refused_though_the_session_is_still_there(
    house: House, clock: FrozenRuntime
) -> None:
    """S26"""
    [user] = await house.auth.services.store.rows(USER).all()
    await house.auth.services.store.rows(USER).update({BANNED: True}, Field[str](name="id").equals(user.id))
    verifier = house.verifier()
    assert await refused(verifier, bearing(house.signed)) == "INVALID_TOKEN"
    assert await verifier.judge(carrying(house.signed)) is None


async def test_a_ban_counts_though_its_column_came_after_the_first_look(
    tmp_path: Path, clock: FrozenRuntime
) -> None:
    """S26"""
    url = f"sqlite:///{tmp_path}/auth.db"
    auth = some_auth(clock=clock, database=url)
    await auth.migrate()
    async with Browser(auth) as tab:
        signed = sign((await tab.sign_up())["token"], Keyring.of(SECRET))
    verifier = Verifier(SessionIssuer(options=auth.options, database=url), runtime=clock)
    assert await verifier.judge(bearing(signed)) is not None
    await auth.close()
    auth = some_auth(clock=clock, database=url, plugins=[Admin()])
    await auth.migrate()
    await auth.services.store.rows(USER).update({BANNED: True}, UserFields.EMAIL.equals("ada@example.com"))
    clock.advance(minutes=1)
    assert await refused(verifier, bearing(signed)) == "INVALID_TOKEN"
    await verifier.close()
    await auth.close()


async def test_looking_a_session_up_changes_nothing(house: House, clock: FrozenRuntime) -> None:
    """S32: it neither slides nor deletes, for another server owns it."""
    rows = house.auth.services.store.rows(SESSION)
    before = await rows.all()
    clock.advance(days=6)
    await house.verifier().judge(carrying(house.signed))
    clock.advance(days=2)
    await house.verifier().judge(carrying(house.signed))
    assert await rows.all() == before


async def test_a_signature_of_another_secret_is_refused_and_an_older_one_is_not(house: House) -> None:
    """S18"""
    verifier = house.verifier()
    other = sign(house.token, Keyring.of("another-secret-of-at-least-thirty-two-bytes"))
    assert await refused(verifier, bearing(other)) == "INVALID_SIGNATURE"
    assert await verifier.judge(carrying(other)) is None
    renewed = Options.from_mapping({"secrets": [{"version": 2, "value": "n" * 40}], "secret": SECRET})
    turned = house.verifier(options=renewed, database=house.auth.services.store)
    assert await turned.judge(bearing(house.signed)) is not None


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, {COOKIE, f"__Secure-{COOKIE}"}),
        ({"base_url": "https://app.example"}, {f"__Secure-{COOKIE}"}),
        ({"base_url": "http://app.example"}, {COOKIE}),
        ({"advanced": Advanced(use_secure_cookies=False)}, {COOKIE}),
        ({"advanced": Advanced(cookie_prefix="x")}, {"x.session_token", "__Secure-x.session_token"}),
    ],
)
async def test_the_cookie_has_the_name_that_the_server_gives_it(
    house: House, changes: dict[str, Any], accepted: set[str]
) -> None:
    options = Options(secret=SECRET, **changes)
    verifier = house.verifier(options=options, database=house.auth.services.store)
    for name in {COOKIE, f"__Secure-{COOKIE}", "x.session_token", "__Secure-x.session_token", "session"}:
        principal = await verifier.judge(carrying(house.signed, name=name))
        assert (principal is not None) == (name in accepted), name


async def test_another_site_cannot_make_a_browser_act_by_its_cookie(house: House) -> None:
    """S30, S35"""
    verifier, evil = house.verifier(), "https://evil.example"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert await verifier.judge(carrying(house.signed, method, origin=ORIGIN)) is not None
        assert await refused(verifier, carrying(house.signed, method, origin=evil)) == "INVALID_ORIGIN"
        assert await refused(verifier, carrying(house.signed, method)) == "MISSING_OR_NULL_ORIGIN"
        assert await verifier.judge(bearing(house.signed, method, origin=evil)) is not None, (
            "no browser adds it"
        )
    socket = {"sec-websocket-version": "13", "upgrade": "websocket"}
    assert await refused(verifier, carrying(house.signed, origin=evil, **socket)) == "INVALID_ORIGIN"
    assert await verifier.judge(carrying(house.signed, origin=ORIGIN, **socket)) is not None


async def test_sessions_in_the_key_value_store_are_found_there(clock: FrozenRuntime) -> None:
    kept = MemoryKeyValue(clock)
    options = Options.reference(SECRET, base_url=ORIGIN, rate_limit=some_options().rate_limit)
    auth = some_auth(some_options(session=options.session), clock, key_value=kept, plugins=[Admin()])
    async with Browser(auth) as tab:
        token = (await tab.sign_up())["token"]
    verifier = Verifier(SessionIssuer(options=options, key_value=kept), runtime=clock)
    principal = await verifier.verify(sign(token, Keyring.of(SECRET)))
    assert (principal.user.email, principal.user[ROLE]) == ("ada@example.com", "user")
    await auth.services.sessions.revoke_all(principal.user.id)
    with pytest.raises(AuthError):
        await verifier.verify(sign(token, Keyring.of(SECRET)))
    await auth.close()


async def test_additional_fields_of_users_are_told(clock: FrozenRuntime) -> None:
    options = some_options(user=UserOptions(additional_fields=(PLAN,)))
    auth = some_auth(options, clock)
    async with Browser(auth) as tab:
        token = (await tab.sign_up(plan="gold"))["token"]
    issuer = SessionIssuer(options=options, database=auth.services.store)
    principal = await Verifier(issuer, runtime=clock).verify(sign(token, Keyring.of(SECRET)))
    assert principal.user[PLAN] == "gold"
    await auth.close()


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server(published("EdDSA")) as running:
        yield running


async def test_a_token_tells_who_it_speaks_for(server: KeyServer, clock: FrozenRuntime) -> None:
    mint = Mint(server.origin, clock)
    verifier = Verifier(
        JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock, user_fields=[PLAN]
    )
    token = mint.token(role="admin,user", sid="s1", scope="read write", plan="gold", emailVerified=True)
    principal = await verifier.judge(bearing(token))
    assert isinstance(principal, Principal)
    assert principal.user == User(
        id="ada",
        name="Ada",
        email="ada@example.com",
        email_verified=True,
        image=None,
        created_at=principal.user.created_at,
        updated_at=principal.user.updated_at,
        extra=principal.user.extra,
    )
    assert (principal.user[ROLE], principal.user[PLAN]) == ("admin,user", "gold")
    assert (principal.session_id, principal.scopes) == ("s1", {"read", "write"})
    assert (principal.proof, principal.claims["iss"]) == ("jwt", server.origin)
    await verifier.close()


async def remembered(verifier: Verifier, token: str) -> Principal:
    """Present a token until it is remembered."""
    await verifier.verify(token)
    known = await verifier.verify(token)
    assert verifier.at_once(token) is known, "the same object: it was not proved again"
    return known


async def test_a_remembered_token_ends_with_its_time(server: KeyServer, clock: FrozenRuntime) -> None:
    """S8"""
    verifier = Verifier(
        JwksIssuer(issuer=server.origin, audience=AUDIENCE, leeway=timedelta(0)), runtime=clock
    )
    token = Mint(server.origin, clock).token(exp=int(clock.now().timestamp()) + 60)
    known = await remembered(verifier, token)
    clock.advance(seconds=59.9)
    assert verifier.at_once(token) is known
    clock.advance(seconds=0.1)
    with pytest.raises(AuthError, match="EXPIRED_TOKEN"):
        verifier.at_once(token)
    assert await refused(verifier, bearing(token)) == "EXPIRED_TOKEN"
    await verifier.close()


async def test_a_remembered_token_ends_with_its_key(server: KeyServer, clock: FrozenRuntime) -> None:
    """S13"""
    verifier = Verifier(JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock)
    token = Mint(server.origin, clock).token()
    await remembered(verifier, token)
    server.keys = [published("EdDSA", number=1)]
    clock.advance(minutes=5)
    assert verifier.at_once(token) is None, "the key set has to be read again"
    assert await refused(verifier, bearing(token)) == "INVALID_SIGNATURE"
    with pytest.raises(AuthError, match="INVALID_SIGNATURE"):
        verifier.at_once(token)
    await verifier.close()


async def test_where_tokens_may_be_denied_none_is_good_without_asking(clock: FrozenRuntime) -> None:
    """S26"""
    issuer = SharedSecretIssuer(issuer="https://auth.example", audience=AUDIENCE, secret=SECRET)
    verifier = Verifier(issuer, runtime=clock, deny_list=MemoryKeyValue(clock))
    token = by_secret({"alg": "HS256"}, Mint(issuer.issuer, clock).claims(), SECRET.encode())
    for _ in range(3):
        await verifier.verify(token)
        assert verifier.at_once(token) is None


async def test_what_waits_for_nobody_is_judged_at_once(server: KeyServer, clock: FrozenRuntime) -> None:
    """S13"""
    verifier = Verifier(JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock)
    mint = Mint(server.origin, clock)
    assert verifier.at_once(mint.token()) is None, "the keys have to be fetched"
    await verifier.verify(mint.token())
    principal = verifier.at_once(mint.token(sub="grace"))
    assert principal is not None
    assert principal.user.id == "grace"
    for refused_at_once in (mint.token(aud="others"), mint.token(exp=1), mint.token() + "x", "a.b.c"):
        with pytest.raises(AuthError):
            verifier.at_once(refused_at_once)
    await verifier.close()


async def test_kinds_that_are_not_configured_are_refused(server: KeyServer, clock: FrozenRuntime) -> None:
    mint = Mint(server.origin, clock)
    jwks = Verifier(JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock)
    signed = sign(clock.new_token(), Keyring.of(SECRET))
    assert await refused(jwks, bearing(signed)) == "MALFORMED_TOKEN"
    assert await refused(jwks, bearing(clock.new_token())) == "MALFORMED_TOKEN"
    assert await jwks.judge(carrying(signed)) is None
    shared = by_secret({"alg": "HS256"}, mint.claims(), SECRET.encode())
    assert await refused(jwks, bearing(shared)) == "INVALID_TOKEN"
    secret = SharedSecretIssuer(issuer=server.origin, audience=AUDIENCE, secret=SECRET)
    assert await refused(Verifier(secret, runtime=clock), bearing(mint.token())) == "INVALID_TOKEN"
    assert (await Verifier(secret, runtime=clock).verify(shared)).user.id == "ada"
    assert server.fetches == 0


async def test_the_deny_list_of_the_issuer_ends_tokens_at_once(clock: FrozenRuntime) -> None:
    """S26"""
    kept = MemoryKeyValue(clock)
    issuer = SharedSecretIssuer(issuer="https://auth.example", audience=AUDIENCE, secret=SECRET)
    verifier = Verifier(issuer, runtime=clock, deny_list=kept)
    claims = Mint(issuer.issuer, clock).claims(sid="s1", role="user")
    token = by_secret({"alg": "HS256"}, claims, SECRET.encode())
    assert (await verifier.verify(token)).session_id == "s1"
    notes = DenyList(kept, timedelta(minutes=16))
    await notes.describe_user("ada", "admin", barred=False)
    assert await refused(verifier, bearing(token)) == "INVALID_TOKEN"
    await notes.describe_user("ada", "user", barred=False)
    await verifier.verify(token)
    await notes.deny_session("s1")
    assert await refused(verifier, bearing(token)) == "INVALID_TOKEN"


async def test_what_nobody_can_judge_is_neither_accepted_nor_refused(
    house: House, server: KeyServer, clock: FrozenRuntime
) -> None:
    """S86"""
    away, redis = "postgresql://postgres@127.0.0.1:1/none", "redis://127.0.0.1:1"
    for place in ({"database": away}, {"key_value": redis}, {"key_value": redis, "database": away}):
        verifier = house.verifier(**place)
        for request in (bearing(house.signed), carrying(house.signed)):
            with pytest.raises(StorageUnavailable):
                await verifier.judge(request)
        assert await refused(verifier, bearing("a.b")) == "INVALID_SIGNATURE", (
            "nobody has to be asked for that"
        )
        await verifier.close()
    await server.close()
    jwks = Verifier(JwksIssuer(issuer=server.origin, audience=AUDIENCE), runtime=clock)
    with pytest.raises(IssuerUnavailable):
        await jwks.judge(bearing(Mint(server.origin, clock).token()))
    issuer = SharedSecretIssuer(issuer="https://auth.example", audience=AUDIENCE, secret=SECRET)
    token = by_secret({"alg": "HS256"}, Mint(issuer.issuer, clock).claims(), SECRET.encode())
    closed = Verifier(issuer, runtime=clock, deny_list=redis)
    with pytest.raises(StorageUnavailable):
        await closed.judge(bearing(token))
    opened = Verifier(issuer, runtime=clock, deny_list=redis, deny_list_required=False)
    assert await opened.judge(bearing(token)) is not None
    for each in (jwks, closed, opened):
        await each.close()
