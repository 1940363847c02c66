"""Copies of a session that a program keeps though they are over, or that say something else."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.rewritten_copies import Change, Copy, every_encoding, rewritten
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import NEW_PASSWORD
from tests.conformance.scenarios.configurations import CACHES
from tests.conformance.scenarios.cookie_cache import DATA, VERSIONED, cached
from tests.conformance.scenarios.session_life import OWNER
from tests.conformance.stage import configuration

PATIENT = configuration(
    "cache_outlived",
    session={"cookieCache": {"enabled": True, "maxAge": 600, "strategy": "jwe"}},
    user={"changeEmail": {"enabled": True}, "deleteUser": {"enabled": True}},
    emailVerification={"sendVerificationEmail": "recorded"},
)


def _nothing(_: Copy) -> None:
    """Leave the copy as it is."""


def _version(value: Json) -> Change:
    def change(copy: Copy) -> None:
        copy["version"] = value

    return change


def _without(*path: str) -> Change:
    def change(copy: Copy) -> None:
        *outer, name = path
        for each in outer:
            copy = copy[each]
        copy.pop(name, None)

    return change


def _with(value: Json, *path: str) -> Change:
    def change(copy: Copy) -> None:
        *outer, name = path
        for each in outer:
            copy = copy[each]
        copy[name] = value

    return change


CHANGES: dict[str, Change] = {
    "written anew": _nothing,
    "another version": _version("2"),
    "the usual version": _version("1"),
    "an empty version": _version(""),
    "no version": _without("version"),
    "a version that is a number": _version(1),
    "another token": _with("somebody-elses-token-of-32-letters", "session", "token"),
    "a session that is over": _with("2020-01-01T00:00:00.000Z", "session", "expiresAt"),
    "a session without an end": _without("session", "expiresAt"),
    "a session with a strange end": _with("soon", "session", "expiresAt"),
    "another name": _with("Renamed", "user", "name"),
    "an unknown field": _with("red", "user", "colour"),
    "written long ago": _with(0, "updatedAt"),
}


@scenario(*CACHES, VERSIONED)
def a_copy_counts_for_its_time_and_version(client: Client) -> None:
    cached(client)
    before = dict(client.jar)
    for label, change in CHANGES.items():
        client.jar = {**before, DATA: rewritten(client.target.secret, before[DATA], change)}
        client.get("/get-session", label=label)
    for seconds in (1, 200, 400, 86_400):
        old = rewritten(client.target.secret, before[DATA], _nothing, age=seconds)
        client.jar = {**before, DATA: old}
        client.get("/get-session", label=f"written {seconds} seconds ago")
        client.get("/get-session", label="what followed")


@scenario(*CACHES[1:])
def a_copy_counts_in_the_encoding_that_is_configured(client: Client) -> None:
    cached(client)
    before = dict(client.jar)
    for secret in (client.target.secret, f"another-{client.target.secret}"):
        copies = every_encoding(client.target.secret, before[DATA], writer=secret)
        for encoding, value in copies.items():
            client.jar = {**before, DATA: value}
            client.get("/get-session", label=f"{encoding}, {secret[:7]}")


WRITES: tuple[tuple[str, str, dict[str, Json]], ...] = (
    ("POST", "/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}),
    ("POST", "/verify-password", {"password": PASSWORD}),
    ("POST", "/change-email", {"newEmail": "new@x.example"}),
    ("POST", "/send-verification-email", {"email": "new@x.example"}),
    ("POST", "/delete-user", {}),
    ("POST", "/delete-user", {"token": "x"}),
    ("POST", "/revoke-session", {"token": "x"}),
    ("POST", "/revoke-sessions", {}),
    ("POST", "/revoke-other-sessions", {}),
    ("POST", "/unlink-account", {"providerId": "credential"}),
    ("POST", "/link-social", {"provider": "unknown"}),
    ("POST", "/get-access-token", {"providerId": "credential"}),
    ("POST", "/refresh-token", {"providerId": "credential"}),
    ("POST", "/update-session", {"colour": "red"}),
    ("POST", "/update-user?disableCookieCache=true", {"name": "x"}),
    ("POST", "/update-user", {"name": "x"}),
)
READS = ("/get-session", "/list-accounts", "/list-sessions", "/account-info", "/delete-user/callback?token=x")


@scenario(PATIENT)
def a_copy_of_a_session_that_is_gone(client: Client) -> None:
    cached(client)
    before = dict(client.jar)
    client.sql(f"DELETE FROM session WHERE {OWNER}", client.email("ada"))
    for method, path, body in WRITES:
        client.jar = dict(before)
        client.send(method, path, body)
    for path in READS:
        client.jar = dict(before)
        client.get(path)
        client.jar = dict(before)
        client.get(
            f"{path}{'&' if '?' in path else '?'}disableCookieCache=true", label="asked not to believe"
        )


@scenario(PATIENT)
def a_copy_of_a_person_who_is_gone(client: Client) -> None:
    cached(client)
    before = dict(client.jar)
    client.sql('DELETE FROM "user" WHERE email = $1', client.email("ada"))
    for method, path, body in WRITES:
        client.jar = dict(before)
        client.send(method, path, body)
    for path in READS:
        client.jar = dict(before)
        client.get(path)


@scenario(PATIENT)
def two_copies_in_one_request(client: Client) -> None:
    cached(client)
    token = f"better-auth.session_token={client.jar['better-auth.session_token']}"
    right = f"{DATA}={client.jar[DATA]}"
    old = f"{DATA}={rewritten(client.target.secret, client.jar[DATA], _nothing, age=3600)}"
    for label, line in {
        "old one first": f"{old}; {token}; {right}",
        "old one last": f"{token}; {right}; {old}",
        "nonsense first": f"{DATA}=x.y.z; {token}; {right}",
        "whole and an old chunk": f"{token}; {right}; {DATA}.0=x",
    }.items():
        client.get("/get-session", cookie=line, label=label)
