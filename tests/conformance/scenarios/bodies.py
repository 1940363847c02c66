"""Bodies of wrong shape and type, on every route that takes one."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT, DELETION

WRONG: dict[str, Json] = {
    "number": 7,
    "float": 1.5,
    "null": None,
    "list": ["x"],
    "object": {"x": 1},
    "bool": True,
    "string": "x",
}
NOT_OBJECTS: dict[str, Json] = {"null": None, "list": [], "string": "x", "number": 7, "bool": False}


def wrong_types(client: Client, path: str, good: dict[str, Json], *optional: str) -> None:
    """Leave each member out, and give it every wrong type."""
    for field in (*good, *optional):
        if field in good:
            rest = {name: value for name, value in good.items() if name != field}
            client.post(path, rest, label=f"{field} missing")
        for kind, value in WRONG.items():
            if not (kind == "string" and isinstance(good.get(field), str)):
                client.post(path, {**good, field: value}, label=f"{field} {kind}")
    client.post(path, {}, label="everything missing")
    client.post(path, dict.fromkeys([*good, *optional], 7), label="everything wrong")
    for kind, value in NOT_OBJECTS.items():
        client.post(path, value, label=f"body {kind}")
    client.post(path, label="no body")


@scenario(DEFAULT)
def sign_up_checks_types(client: Client) -> None:
    good: dict[str, Json] = {"name": "Ada", "email": "not an address", "password": PASSWORD}
    wrong_types(client, "/sign-up/email", good, "image", "callbackURL", "rememberMe")


@scenario(DEFAULT)
def sign_in_checks_types(client: Client) -> None:
    good: dict[str, Json] = {"email": "not an address", "password": PASSWORD}
    wrong_types(client, "/sign-in/email", good, "callbackURL", "rememberMe")


@scenario(DEFAULT)
def change_password_checks_types(client: Client) -> None:
    client.arrive()
    good: dict[str, Json] = {"newPassword": "short", "currentPassword": "wrong"}
    wrong_types(client, "/change-password", good, "revokeOtherSessions")


@scenario(DEFAULT)
def verify_password_and_revoke_session_check_types(client: Client) -> None:
    client.arrive()
    wrong_types(client, "/verify-password", {"password": "wrong"})
    wrong_types(client, "/revoke-session", {"token": "unknown"})


@scenario(DEFAULT)
def update_user_checks_types(client: Client) -> None:
    client.arrive()
    for kind, value in NOT_OBJECTS.items():
        client.post("/update-user", value, label=f"body {kind}")
        client.post("/update-session", value, label=f"session body {kind}")
    client.post("/update-user", label="no body")
    for kind, value in WRONG.items():
        client.post("/update-user", {"email": value}, label=f"email {kind}")


@scenario(DELETION)
def delete_user_checks_types(client: Client) -> None:
    client.arrive()
    for field in ("password", "token", "callbackURL"):
        for kind, value in WRONG.items():
            if kind != "string":
                client.post("/delete-user", {field: value}, label=f"{field} {kind}")
    for kind, value in NOT_OBJECTS.items():
        client.post("/delete-user", value, label=f"body {kind}")
    client.post("/delete-user", label="no body")


@scenario(DEFAULT)
def broken_json_is_refused(client: Client) -> None:
    for label, raw in {
        "unclosed": b'{"email": "a',
        "empty": b"",
        "space": b" ",
        "trailing comma": b'{"email": "a@x.example",}',
        "single quotes": b"{'email': 'a'}",
        "NaN": b'{"email": NaN}',
        "comment": b"{/* no */}",
        "two values": b"{}{}",
        "byte order mark": b"\xef\xbb\xbf{}",
        "not UTF-8": b'{"email": "\xff\xfe"}',
        "lone surrogate": b'{"email": "a@x.example", "password": "\\ud800"}',
        "duplicate key": b'{"email": "a@x.example", "email": 7, "password": "x"}',
        "prototype": b'{"__proto__": {"email": "a@x.example"}, "constructor": 1}',
    }.items():
        client.post("/sign-in/email", raw=raw, content_type="application/json", label=label)
        client.post("/sign-out", raw=raw, content_type="application/json", label=f"sign-out {label}")


@scenario(DEFAULT)
def bodies_have_a_type(client: Client) -> None:
    body = f'{{"email": "nobody@x.example", "password": "{PASSWORD}"}}'.encode()
    for content_type in (
        None,
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        " application/json ",
        "application/json;",
        "application/vnd.api+json",
        "application/jsonp",
        "text/json",
        "text/plain",
        "text/plain;charset=UTF-8",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "text/html, application/json",
        "nonsense",
        "",
    ):
        client.post("/sign-in/email", raw=body, content_type=content_type, label=f"type {content_type!r}")
        client.post("/update-user", raw=body, content_type=content_type, label=f"type {content_type!r}")
    multipart = (
        b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@x.example\r\n'
        b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\npassword\r\n--x--\r\n'
    )
    client.post(
        "/sign-in/email", raw=multipart, content_type="multipart/form-data; boundary=x", label="multipart"
    )
    client.post("/sign-out", raw=b"hello", content_type="text/plain", label="text where none is needed")
    client.post("/sign-out", raw=b"", content_type="text/plain", label="empty text")
    client.post("/sign-out", raw=b"a=b", content_type="application/x-www-form-urlencoded", label="form")
    client.post("/revoke-sessions", raw=b"hello", content_type="text/plain", label="no session, text")
    client.get("/ok", headers={"Content-Type": "text/plain"}, label="a type without a body")
    client.post("/sign-up/email", raw=body, content_type="text/plain", label="text")


@scenario(DEFAULT)
def text_has_no_hidden_limits(client: Client) -> None:
    client.arrive()
    for label, name in {
        "long": "x" * 100_000,
        "quotes": "\"'`",
        "controls": "a\tb\nc\x01\x7f",
        "bidi": "abc\u202edef",
        "emoji": "👩🏽\u200d💻",
        "escaped": "\\u0041 \\n",
        "html": "<script>alert(1)</script>",
        "combining": "e\u0301",
    }.items():
        client.post("/update-user", {"name": name}, label=label)
        client.get("/get-session", label=label)


@scenario(DEFAULT)
def nul_and_lone_surrogates(client: Client) -> None:
    email = client.email("ada")
    for label, name in {"NUL": "a\\u0000b", "lone surrogate": "a\\ud800b"}.items():
        raw = f'{{"name": "{name}", "email": "{email}", "password": "{PASSWORD}"}}'.encode()
        client.post("/sign-up/email", raw=raw, content_type="application/json", label=label)
    client.arrive("bob")
    for label, name in {"NUL": "a\\u0000b", "lone surrogate": "a\\ud800b"}.items():
        client.post(
            "/update-user", raw=f'{{"name": "{name}"}}'.encode(), content_type="application/json", label=label
        )
    client.get("/get-session")
    nul = '{"email": "nobody\\u0000@x.example", "password": "x"}'
    client.post(
        "/sign-in/email", raw=nul.encode(), content_type="application/json", label="NUL in the address"
    )
    client.post(
        "/revoke-session", raw=b'{"token": "a\\u0000"}', content_type="application/json", label="NUL token"
    )
