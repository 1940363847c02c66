"""Members of a body that nobody asked for change nothing, whatever column they are named after."""

from typing import Any
from urllib.parse import urlencode

import pytest

from ostiary import Auth
from ostiary.domain.schema import Field
from tests.builders import PASSWORD, Browser
from tests.security.conftest import Place
from tests.security.exchange import Answer, cookie_header, exchange
from tests.security.fields import FIELDS
from tests.security.surface import BODIES, MET_WITH, everything_in, guarded_paths, surface_auth

FORGED = {
    "string": "forged",
    "number": 777,
    "boolean": True,
    "date": "1999-09-09T00:00:00.000Z",
    "string[]": ["forged"],
}
DECLARED = {path: {name for each, name, _ in FIELDS if each == path} for path in BODIES}
ONCE_ONLY = {"/delete-user", "/change-password", "/revoke-sessions", "/sign-out"}
"""Routes after which the same request would do nothing any more."""
WRITES = [path for path, body in BODIES.items() if body is not None]


def columns() -> dict[str, Any]:
    """Return every column of every table with a value nobody would have, the identifier included."""
    found: dict[str, Any] = {"id": "forged"}
    for model in surface_auth().schema.models:
        found |= {field.name: FORGED.get(field.type, {"forged": True}) for field in model.fields}
    return found


COLUMNS = columns()


def spellings(name: str) -> set[str]:
    """Return a column's name as other frameworks would write it."""
    described: Field[Any] = Field(name=name)
    return {name, described.attribute, name.upper(), f"{name} ", f"user.{name}", f"$set.{name}"}


def extra_members(path: str) -> dict[str, Any]:
    return {name: value for name, value in COLUMNS.items() if name not in DECLARED[path]}


class Somebody:
    """A signed-in person, and another whose rows are nobody's business."""

    def __init__(self, auth: Auth, browser: Browser, cookie: str, victim: dict[str, Any]) -> None:
        self.auth, self.browser, self.cookie, self.victim = auth, browser, cookie, victim

    @classmethod
    async def on(cls, place: Place) -> "Somebody":
        auth = await place.open()
        async with Browser(auth) as browser, Browser(auth) as other:
            victim = await other.sign_up("victim@example.com")
            await browser.sign_up()
            return cls(auth, browser, cookie_header(browser), victim)

    async def send(self, path: str, body: dict[str, Any], **kwargs: Any) -> Answer:
        headers = [("origin", "http://auth.test")]
        headers += [("cookie", self.cookie)] if not path.startswith("/sign-") else []
        return await exchange(self.auth, "POST", path, headers=headers, send=body, **kwargs)

    async def stored_values(self) -> set[str]:
        """Return every value of every row, as text."""
        tables = await everything_in(self.auth.services.store)
        found: set[str] = set()
        for model in self.auth.schema.models:
            for row in tables.get(model.name, []):
                names = [name for name in model.core_names if name != "extra"]
                found |= {str(getattr(row, name)) for name in names} | {
                    str(value) for value in row.extra.values()
                }
        return found


def is_forged(values: set[str]) -> bool:
    return any(value == "777" or "forged" in value or value.startswith("1999-09-09") for value in values)


def test_the_columns_come_from_the_schema() -> None:
    """S62: core, Admin plugin and additional fields."""
    assert set(COLUMNS) >= {
        *(
            "id",
            "role",
            "banned",
            "banReason",
            "banExpires",
            "emailVerified",
            "createdAt",
            "updatedAt",
            "impersonatedBy",
        ),
        *(
            "userId",
            "token",
            "expiresAt",
            "ipAddress",
            "userAgent",
            "accountId",
            "providerId",
            "password",
            "accessToken",
        ),
        *("credit", "trust", "secretNote", "identifier", "value", "key", "count", "lastRequest"),
    }


@pytest.mark.parametrize("path", WRITES)
async def test_no_column_can_be_written_by_naming_it(path: str) -> None:
    """S62: every route with every column, one at a time, in six spellings: refused or without effect."""
    somebody = await Somebody.on(Place())
    protected = await protected_values(somebody)
    for name, value in extra_members(path).items():
        for spelling in sorted(spellings(name), key=lambda each: each != name):
            if path in ONCE_ONLY and spelling == name:
                somebody = await Somebody.on(Place())
                protected = await protected_values(somebody)
            body = {**(BODIES[path] or {}), spelling: value}
            if path == "/sign-up/email":
                body["email"] = f"{abs(hash(spelling))}@example.com"
            answer = await somebody.send(path, body)
            assert answer.status < 500, (spelling, answer.body)
            assert not is_forged(await somebody.stored_values()), spelling
            assert "forged" not in str(answer.json())
            if path not in ONCE_ONLY:
                assert await protected_values(somebody) == protected, spelling


async def protected_values(somebody: Somebody) -> list[tuple[Any, ...]]:
    """Return what no body may ever change of the people there are."""
    rows = await everything_in(somebody.auth.services.store)
    people = {"ada@example.com", "victim@example.com"}
    users = [user for user in rows["user"] if user.email in people]
    return [
        (
            user.id,
            user.email,
            user.email_verified,
            user.created_at,
            user.extra["role"],
            user.extra["banned"],
            user.extra["credit"],
            user.extra["secretNote"],
        )
        for user in users
    ]


@pytest.mark.parametrize("path", WRITES)
async def test_all_columns_at_once_have_no_effect_in_any_store(place: Place, path: str) -> None:
    """S62: memory, SQLite and PostgreSQL; where a column is refused by name, the rest is sent without it."""
    somebody = await Somebody.on(place)
    members = extra_members(path)
    refused: set[str] = set()
    while True:
        answer = await somebody.send(path, {**(BODIES[path] or {}), **members})
        assert answer.status < 500
        assert not is_forged(await somebody.stored_values())
        if answer.code not in {"FIELD_NOT_ALLOWED", "EMAIL_CAN_NOT_BE_UPDATED"}:
            break
        name = (
            "email"
            if answer.code == "EMAIL_CAN_NOT_BE_UPDATED"
            else answer.json()["message"].partition(" ")[0]
        )
        assert name in members
        refused.add(name)
        del members[name]
    assert answer.status == MET_WITH.get(path, 200), answer.body
    unsettable = {"role", "banReason", "banExpires", "secretNote"}
    expected = {
        "/sign-up/email": unsettable,
        "/update-user": unsettable | {"banned", "credit", "email"},
        "/update-session": {"impersonatedBy", "trust"},
    }
    assert refused == expected.get(path, set())


@pytest.mark.parametrize("path", guarded_paths(surface_auth()))
async def test_naming_somebody_else_does_not_act_on_them(place: Place, path: str) -> None:
    """S62: identifiers and tokens of another person, as members, in the query and in headers."""
    somebody = await Somebody.on(place)
    victim_id, victim_token = somebody.victim["user"]["id"], somebody.victim["token"]
    before = await everything_in(somebody.auth.services.store)
    theirs = {
        name: [row for row in rows if victim_id in {row.id, getattr(row, "user_id", None)}]
        for name, rows in before.items()
    }
    members = {
        "id": victim_id,
        "userId": victim_id,
        "user": somebody.victim["user"],
        "session": {"token": victim_token, "userId": victim_id},
        "sessionToken": victim_token,
        "accountId": victim_id,
    }
    body = {**(BODIES[path] or {}), **members}
    if path in {"/revoke-session", "/delete-user"}:
        body["token"] = victim_token
    await somebody.send(path, body, query=f"userId={victim_id}&id={victim_id}&token={victim_token}")
    after = await everything_in(somebody.auth.services.store)
    for name, rows in theirs.items():
        assert [row for row in rows if row not in after[name]] == [], name


@pytest.mark.parametrize("path", ["/sign-up/email", "/sign-in/email"])
async def test_forms_and_queries_assign_no_more_than_json(path: str) -> None:
    """S62: the same columns as form fields and query parameters."""
    somebody = await Somebody.on(Place())
    for name, value in extra_members(path).items():
        fields = urlencode(
            {
                **(BODIES[path] or {}),
                "email": "ada@example.com" if "in" in path else f"{name}@example.com",
                name: value,
            }
        )
        headers = [("origin", "http://auth.test"), ("content-type", "application/x-www-form-urlencoded")]
        answer = await exchange(
            somebody.auth, "POST", path, headers=headers, body=fields.encode(), query=fields
        )
        assert answer.status < 500
        assert not is_forged(await somebody.stored_values()), name


async def test_a_name_given_twice_counts_once() -> None:
    """S62: the last of two members wins for everybody who looks: check and write see the same value."""
    somebody = await Somebody.on(Place())
    headers = [
        ("origin", "http://auth.test"),
        ("cookie", somebody.cookie),
        ("content-type", "application/json"),
    ]
    raw = (
        b'{"role":"user","role":"admin","name":"Countess","name":"Ada","email":"","email":"eve@evil.example"}'
    )
    answer = await exchange(somebody.auth, "POST", "/update-user", headers=headers, body=raw)
    assert answer.status == 400
    raw = b'{"name":"Countess","name":"Ada the Second","password":"x"}'
    answer = await exchange(somebody.auth, "POST", "/update-user", headers=headers, body=raw)
    assert answer.status == 200
    session = await exchange(somebody.auth, "GET", "/get-session", headers=headers[:2])
    assert session.json()["user"]["name"] == "Ada the Second"
    assert session.json()["user"]["role"] == "user"
    assert PASSWORD not in session.body.decode()
