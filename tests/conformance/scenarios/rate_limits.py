"""Limits, and by which address they count."""

import re

from tests.conformance.client import PASSWORD, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.stage import Configuration, configuration

ADDRESS = "203.0.113.{}"


def _limited(name: str, *, redis: bool = False, advanced: Json = None, **options: Json) -> Configuration:
    return configuration(
        name, redis=redis, advanced=advanced, rateLimit={"enabled": True, "window": 600, "max": 6, **options}
    )


MEMORY = _limited("rate_limit_memory", storage="memory")
DATABASE = _limited("rate_limit_database", storage="database")
SECONDARY = _limited("rate_limit_redis", redis=True)
CUSTOM = _limited(
    "rate_limit_custom",
    customRules={
        "/get-session": False,
        "/sign-in/*": {"window": 600, "max": 2},
        "/ok": {"window": 600, "max": 1},
        "/unknown*": {"window": 600, "max": 1},
    },
)
NO_TRACKING = _limited("rate_limit_untracked", advanced={"ipAddress": {"disableIpTracking": True}})
UNLIMITED: Json = {"/sign-up/*": False}
ADDRESS_OPTIONS: dict[str, Json] = {
    "address_default": {},
    "address_headers": {"ipAddressHeaders": ["cf-connecting-ip", "x-real-ip"]},
    "address_proxies": {"trustedProxies": ["10.0.0.0/8", "192.0.2.1", "fd00::/8"]},
    "address_subnet": {"ipv6Subnet": 128},
    "address_untracked": {"disableIpTracking": True},
}
RESOLVED = [
    _limited(name, storage="database", max=1000, customRules=UNLIMITED, advanced={"ipAddress": address})
    for name, address in ADDRESS_OPTIONS.items()
]


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


@scenario(MEMORY, DATABASE, SECONDARY)
def too_many_requests_are_refused(client: Client) -> None:
    here, there = _from(ADDRESS.format(1)), _from(ADDRESS.format(2))
    for _ in range(8):
        client.get("/ok", headers=here)
    client.get("/ok", headers=there, label="another address")
    client.get("/ok", label="no address")
    client.get("/ok?x=1", headers=here, label="query")
    client.get("/ok/", headers=here, label="slash")
    client.send("HEAD", "/ok", headers=here)
    client.post("/ok", {}, headers=here, label="wrong method")
    client.get("/get-session", headers=here, label="another path")
    body = {"email": "nobody@x.example", "password": "wrong"}
    for _ in range(5):
        client.post("/sign-in/email", body, headers=here)
    client.post("/sign-up/email", {}, headers=here, label="another special path")
    client.post("/sign-in/other", {}, headers=here, label="a special path of its own")
    client.post(
        "/sign-in/email", body, headers=here, origin="https://evil.example", cookie="x=1", label="first"
    )
    for _ in range(8):
        client.get("/unknown", headers=here, label="unknown")


@scenario(MEMORY, DATABASE, SECONDARY)
def special_paths_have_limits_of_their_own(client: Client) -> None:
    for path in (
        "/sign-up/email",
        "/change-password",
        "/sign-in/other",
        "/sign-instead",
        "/forget-password/x",
    ):
        for _ in range(4):
            client.post(path, {}, headers=_from(ADDRESS.format(3)))


@scenario(DATABASE)
def special_paths_of_mail_and_social_flows(client: Client) -> None:
    for path in ("/sign-in/social", "/change-email", "/request-password-reset", "/send-verification-email"):
        for _ in range(4):
            client.post(path, {}, headers=_from(ADDRESS.format(8)))


@scenario(DATABASE)
def limits_are_rows(client: Client) -> None:
    here = _from(ADDRESS.format(4))
    for _ in range(2):
        client.get("/ok", headers=here)
    client.get("/get-session", headers=_from("2001:db8:1:2:3:4:5:6"))
    client.rows(
        "limits",
        'SELECT key, count, "lastRequest" FROM "rateLimit" WHERE key LIKE $1 OR key LIKE $2 ORDER BY key',
        f"{ADDRESS.format(4)}%",
        "2001:0db8%",
    )
    aged = 'UPDATE "rateLimit" SET count = 6, "lastRequest" = "lastRequest" - $1 WHERE key LIKE $2'
    client.sql(aged, 540_000, f"{ADDRESS.format(4)}%")
    client.get("/ok", headers=here, label="a minute left")
    client.sql(aged, 60_000, f"{ADDRESS.format(4)}%")
    client.get("/ok", headers=here, label="window over")
    client.rows("reset", 'SELECT key, count FROM "rateLimit" WHERE key LIKE $1', f"{ADDRESS.format(4)}%")


@scenario(SECONDARY)
def limits_are_counters_in_redis(client: Client) -> None:
    here = _from(ADDRESS.format(5))
    for _ in range(8):
        client.get("/ok", headers=here)
    client.stored("counter", f"{ADDRESS.format(5)}|/ok")


@scenario(CUSTOM)
def limits_can_be_chosen_by_path(client: Client) -> None:
    here = _from(ADDRESS.format(6))
    for _ in range(8):
        client.get("/get-session", headers=here, label="unlimited")
    for _ in range(3):
        client.post("/sign-in/email", {"email": "x", "password": "x"}, headers=here, label="two")
    for _ in range(3):
        client.post("/sign-in/other", {}, headers=here, label="two, counted apart")
    for _ in range(2):
        client.get("/ok", headers=here, label="one")
    for _ in range(2):
        client.get("/unknown-path", headers=here, label="one")


@scenario(NO_TRACKING)
def untracked_addresses_are_not_limited(client: Client) -> None:
    for _ in range(8):
        client.get("/ok", headers=_from(ADDRESS.format(7)))
    person = {"name": "Ada", "email": client.email("ada"), "password": PASSWORD}
    client.post("/sign-up/email", person, headers=_from(ADDRESS.format(7)))
    client.get("/get-session")


ADDRESSES = (
    "203.0.113.20",
    " 203.0.113.20 ",
    "203.0.113.20, 10.0.0.1",
    "10.0.0.1, 203.0.113.21",
    "203.0.113.22, 192.0.2.1, 10.9.9.9",
    "10.0.0.1, 10.0.0.2",
    "evil, 10.0.0.1",
    "203.0.113.23, evil",
    "203.0.113.24,,10.0.0.1",
    "203.0.113.25:8080",
    "999.1.1.1",
    "0203.0.113.20",
    "unknown",
    "",
    "::ffff:203.0.113.26",
    "::FFFF:CB00:711A",
    "2001:db8:1:2:3:4:5:6",
    "2001:DB8:1:2:AAAA::1",
    "[2001:db8:1:2::1]",
    "2001:db8:1:2::1%eth0",
    "fe80::1",
    "fd00::1, 2001:db8::9",
    "2001:db8::9, fd00::1",
    "::1",
    "127.0.0.1",
    "10.0.0.1",
    "203.0.113.27, 203.0.113.28",
    "1.2.3",
    "0x7f.1",
    "203.0.113.29 ",
)


@scenario(*RESOLVED)
def the_address_is_resolved(client: Client) -> None:
    client.sql('DELETE FROM "rateLimit"')
    for address in ADDRESSES:
        client.get("/ok", headers=_from(address), label=f"from {address!r}")
        client.rows("known as", _KEYS)
        client.sql('DELETE FROM "rateLimit"')
    names = {
        "CF-Connecting-IP": "203.0.113.30",
        "X-Real-IP": "203.0.113.31",
        "X-Forwarded-For": "203.0.113.32",
    }
    for name, value in names.items():
        client.get("/ok", headers={name: value})
    client.get("/ok", headers=names, label="all three")
    client.get("/ok", label="none")
    client.rows("known as", _KEYS)
    for address in ("203.0.113.33", "2001:DB8:1:2:AAAA::1", "10.0.0.9", "evil", ""):
        name = re.sub(r"\W+", "-", address) or "nobody"
        person = {"name": "P", "email": client.email(name), "password": PASSWORD}
        headers = _from(address) if address else {}
        client.another(name).post("/sign-up/email", person, headers=headers)
    client.rows("addresses", _ADDRESSES, client.email("%"))


_KEYS = 'SELECT key, count FROM "rateLimit" ORDER BY key'
_ADDRESSES = """
    SELECT u.email, s."ipAddress" FROM session s JOIN "user" u ON u.id = s."userId"
    WHERE u.email LIKE $1 ORDER BY u."createdAt"
"""
