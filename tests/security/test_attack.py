"""`ostiary attack` finds nothing in a good server, and every fault that is put into one."""

import json
import re
from typing import Any

import pytest

from ostiary import Auth, DeleteUser, EmailAndPassword, MailedLink, UserOptions
from ostiary.attack import Limits, Outcome, Verdict, attack
from ostiary.composition import keyring_of
from ostiary.crypto import base64url
from ostiary.crypto.passwords import BoundedHasher
from ostiary.crypto.signing import sign_cookie
from ostiary.domain.models import SESSION, USER
from ostiary.domain.runtime import SystemRuntime
from ostiary.options import EmailVerificationOptions, RateLimit, RateLimitOptions
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from tests.builders import cheap_hasher, some_auth, some_options
from tests.integration.cli.conftest import free_port
from tests.listening import App, served

Lines = list[tuple[str, str]]
Asked = dict[str, str]
LIMITS = Limits()


async def swallow(link: MailedLink) -> None:
    """Send nothing."""


def good(port: int, hasher: BoundedHasher | None = None, **changes: Any) -> Auth:
    """Return a server with everything that can be attacked."""
    options = some_options(
        **{
            "base_url": f"http://127.0.0.1:{port}",
            "rate_limit": RateLimitOptions(custom_rules={"/sign-in/email": RateLimit(30, per=60)}),
            "user": UserOptions(delete_user=DeleteUser(enabled=True)),
            "email_and_password": EmailAndPassword(enabled=True, send_reset_password=swallow),
            "email_verification": EmailVerificationOptions(send_verification_email=swallow),
            **changes,
        }
    )
    clock = SystemRuntime()
    plugins = [Admin(), Bearer(), Jwt(), Tokens()]
    hasher = hasher or cheap_hasher(clock)  # type: ignore[arg-type]  # a running clock
    return some_auth(options, clock, plugins=plugins, hasher=hasher)


async def attacked(app: App, port: int, limits: Limits = LIMITS) -> tuple[list[Verdict], list[str]]:
    """Attack a server; return the verdicts and the accounts that stayed."""
    async with served(app, port):
        told = [each async for each in attack(f"http://127.0.0.1:{port}/api/auth", SystemRuntime(), limits)]
    return [each for each in told if isinstance(each, Verdict)], [
        each for each in told if isinstance(each, str)
    ]


def outcomes(verdicts: list[Verdict]) -> dict[int, Outcome]:
    return {verdict.check.row: verdict.outcome for verdict in verdicts}


def broken(verdicts: list[Verdict]) -> dict[int, str]:
    return {each.check.row: each.detail for each in verdicts if each.outcome is Outcome.BROKEN}


async def test_a_good_server_holds_and_is_left_as_it_was() -> None:
    port = free_port()
    auth = good(port, BoundedHasher(SystemRuntime()))
    verdicts, left = await attacked(auth, port)
    assert set(outcomes(verdicts).values()) == {Outcome.HELD}, verdicts
    assert len(verdicts) == 22
    assert left == []
    assert [await auth.services.store.rows(model).count() for model in (USER, SESSION)] == [0, 0]


async def test_an_attack_stays_within_its_bounds_and_still_cleans_up() -> None:
    port = free_port()
    auth = good(port)
    verdicts, left = await attacked(auth, port, Limits(requests=12))
    assert Outcome.SKIPPED in outcomes(verdicts).values()
    assert left == []


async def test_an_account_that_cannot_be_deleted_is_named() -> None:
    port = free_port()
    _, left = await attacked(good(port, user=UserOptions()), port)
    assert len(left) == 2
    assert all(email.endswith("@ostiary-attack.invalid") for email in left)


class Fault:
    """A server that does one thing wrong: what it is asked and what it answers passes through here."""

    def __init__(self, app: Auth, port: int) -> None:
        self.app = app
        self.port = port

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/api/auth")
        if (own := await self.instead(path, headers, body)) is not None:
            status, more, said = own
            lines = [(name.encode(), value.encode()) for name, value in more]
            await send({"type": "http.response.start", "status": status, "headers": lines})
            await send({"type": "http.response.body", "body": said})
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def again() -> Any:
            return next(messages, {"type": "http.disconnect"})

        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                lines = [(n.decode(), v.decode("latin-1")) for n, v in message["headers"]]
                lines = self.headers(path, headers, lines)
                message = {**message, "headers": [(n.encode(), v.encode("latin-1")) for n, v in lines]}
            await send(message)

        await self.app(self.scope(scope), again, changed)

    def scope(self, scope: Any) -> Any:
        return scope

    def headers(self, path: str, asked: Asked, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return lines

    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        """Return status, headers and body of another answer."""

    async def user(self, email: str) -> Any:
        return await self.app.services.users.by_email(email)


class ReadableCookies(Fault):
    def headers(self, path: str, asked: Asked, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(n, v.replace("; HttpOnly", "") if n == "set-cookie" else v) for n, v in lines]


class ReflectedOrigin(Fault):
    def headers(self, path: str, asked: Asked, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        allowed = [("access-control-allow-origin", asked.get("origin", "*"))]
        return [*lines, *allowed, ("access-control-allow-credentials", "true")]


class CacheableAnswers(Fault):
    def headers(self, path: str, asked: Asked, lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [line for line in lines if line[0] != "cache-control"]


class AnyOrigin(Fault):
    def scope(self, scope: Any) -> Any:
        own = f"http://127.0.0.1:{self.port}".encode()
        lines = [
            (n, own if n == b"origin" else v) for n, v in scope["headers"] if not n.startswith(b"sec-fetch")
        ]
        return {**scope, "headers": lines}


def bearer(asked: Asked) -> tuple[Any, Any, bytes] | None:
    parts = asked.get("authorization", "").removeprefix("Bearer ").split(".")
    try:
        header, claims = (json.loads(base64url.decode(part)) for part in parts[:2])
    except ValueError:
        return None
    return header, claims, parts[2].encode()


class UnsignedTokens(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        read = bearer(asked)
        if path == "/get-session" and read and read[0].get("alg", "").lower() == "none":
            return 200, [], json.dumps({"user": read[1]}).encode()
        return None


class AnySignature(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        read = bearer(asked)
        if path == "/get-session" and read and read[0].get("alg") == "HS256":
            return 200, [], json.dumps({"user": read[1]}).encode()
        return None


class PublishedSecrets(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        key = {"kty": "OKP", "crv": "Ed25519", "kid": "1", "x": "AAAA", "d": "BBBB"}
        return (200, [], json.dumps({"keys": [key]}).encode()) if path == "/jwks" else None


class LinksFromHost(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        if path != "/request-password-reset":
            return None
        host = asked.get("x-forwarded-host") or asked["host"]
        return 200, [], json.dumps({"status": True, "url": f"https://{host}/reset"}).encode()


class TellingSignIn(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        if path != "/sign-in/email" or b"not the password" not in body:
            return None
        known = await self.user(json.loads(body)["email"])
        return (401 if known else 404), [], b"{}"


class LeadsAnywhere(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        if path != "/sign-out" or b"callbackURL" not in body:
            return None
        return 302, [("location", json.loads(body)["callbackURL"].replace("\t", "%09"))], b""


class UnsignedCookies(Fault):
    def scope(self, scope: Any) -> Any:
        def again(value: bytes) -> bytes:
            name, _, token = value.decode("latin-1").partition("=")
            return f"{name}={sign_cookie(token.partition('.')[0], keyring_of(self.app.options))}".encode()

        lines = [(n, again(v) if n == b"cookie" and b"; " not in v else v) for n, v in scope["headers"]]
        return {**scope, "headers": lines}


class EverlastingSessions(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        return (200, [], b'{"success": true}') if path == "/sign-out" else None


class GetSignsOut(Fault):
    def scope(self, scope: Any) -> Any:
        if (scope["method"], scope["path"]) != ("GET", "/api/auth/sign-out"):
            return scope
        own = (b"origin", f"http://127.0.0.1:{self.port}".encode())
        return {
            **scope,
            "method": "POST",
            "headers": [*scope["headers"], own, (b"content-type", b"application/json")],
        }


class Traces(Fault):
    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        if path == "/sign-in/email" and body.startswith(b"[["):
            return 500, [], b"Traceback (most recent call last)"
        return None


class AnyAddress(Fault):
    def scope(self, scope: Any) -> Any:
        said = dict(scope["headers"]).get(b"x-forwarded-for")
        return {**scope, "client": (said.decode(), 1)} if said else scope


FAULTS: dict[type[Fault], int] = {
    ReadableCookies: 23,
    ReflectedOrigin: 33,
    CacheableAnswers: 87,
    AnyOrigin: 30,
    UnsignedTokens: 1,
    AnySignature: 2,
    PublishedSecrets: 15,
    LinksFromHost: 63,
    TellingSignIn: 48,
    LeadsAnywhere: 70,
    UnsignedCookies: 22,
    EverlastingSessions: 25,
    GetSignsOut: 32,
    Traces: 59,
    AnyAddress: 55,
}
"""Each with the requirement that it breaks."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_fault_is_found(fault: type[Fault]) -> None:
    port = free_port()
    verdicts, _ = await attacked(fault(good(port), port), port)
    found = broken(verdicts)
    assert FAULTS[fault] in found, verdicts
    assert set(found) - {FAULTS[fault]} <= ({31} if fault is AnyOrigin else set()), found


class HurriedRefusal(Fault):
    """Says no to strangers with the same words, but without the work."""

    async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
        if path != "/sign-in/email" or b"not the password" not in body:
            return None
        if await self.user(json.loads(body)["email"]):
            return None
        said = b'{"code":"INVALID_EMAIL_OR_PASSWORD","message":"Invalid email or password"}'
        return 401, [("content-type", "application/json")], said


async def test_a_refusal_that_comes_too_soon_for_strangers_is_found() -> None:
    """S49: and the figures stand beside it."""
    port = free_port()
    auth = good(port, BoundedHasher(SystemRuntime()))
    verdicts, _ = await attacked(HurriedRefusal(auth, port), port)
    found = broken(verdicts)
    assert re.search(r"known \d+\.\d ms, unknown \d+\.\d ms, no work \d+\.\d ms; again ", found[49])
    assert set(found) - {48, 49} == set()


async def test_times_that_nobody_could_compare_are_said_to_be_so() -> None:
    port = free_port()
    verdicts, _ = await attacked(good(port), port)
    [timing] = [each for each in verdicts if each.check.row == 49]
    assert (timing.outcome, "no time that could be compared" in timing.detail) == (Outcome.SKIPPED, True)


async def test_a_server_without_limits_is_found() -> None:
    port = free_port()
    verdicts, _ = await attacked(good(port, rate_limit=RateLimitOptions(enabled=False)), port)
    assert set(broken(verdicts)) == {54, 55}


async def test_a_server_that_lets_people_promote_themselves_is_found() -> None:
    class Promoting(Fault):
        role = "user"

        async def instead(self, path: str, asked: Asked, body: bytes) -> Any:
            if path == "/update-user" and b"role" in body:
                self.role = "admin"
            if path == "/get-session" and self.role == "admin" and "authorization" not in asked:
                return 200, [], b'{"session": {}, "user": {"role": "admin"}}'
            return None

    port = free_port()
    verdicts, _ = await attacked(Promoting(good(port), port), port)
    assert "role" in broken(verdicts)[62]
