"""Secrets in rotation, addresses of the server, and what the tables look like."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.cookie_values import forged
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import DEFAULT, REDIS, REDIS_AND_DATABASE
from tests.conformance.scenarios.fields import FIELDS, RENAMED, REQUIRED
from tests.conformance.scenarios.ids import IDS
from tests.conformance.stage import SECRET, configuration

OLD = "an-older-secret-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ROTATED = configuration(
    "rotated_secrets",
    secret=None,
    secrets=[{"version": 2, "value": SECRET}, {"version": 1, "value": OLD}],
)
NO_BASE_URL = configuration("no_base_url", baseURL=None, host="asked.example.test:4000")
PROXIED = configuration(
    "trusted_proxy_headers", baseURL=None, host="asked.example.test", advanced={"trustedProxyHeaders": True}
)
DYNAMIC = configuration(
    "dynamic_base_url",
    baseURL={
        "allowedHosts": ["one.example.test", "*.many.example.test", "local.test:3000"],
        "protocol": "http",
    },
    host="one.example.test",
)
DYNAMIC_FALLBACK = configuration(
    "dynamic_base_url_fallback",
    baseURL={
        "allowedHosts": ["one.example.test"],
        "protocol": "https",
        "fallback": "https://home.example.test",
    },
    host="one.example.test",
)
DATABASE_LIMITS = configuration("rate_limit_table", rateLimit={"enabled": False, "storage": "database"})

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name
"""
INDEXES = """
    SELECT replace(indexdef, ' USING btree', '') AS index FROM pg_indexes
    WHERE schemaname = 'public' ORDER BY indexname
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f') ORDER BY 1, 2
"""


@scenario(DEFAULT, FIELDS, REQUIRED, RENAMED, *IDS, REDIS, REDIS_AND_DATABASE, DATABASE_LIMITS)
def the_tables_are_the_same(client: Client) -> None:
    client.rows("columns", COLUMNS)
    client.rows("indexes", INDEXES)
    client.rows("constraints", CONSTRAINTS)


@scenario(ROTATED)
def the_newest_secret_signs(client: Client) -> None:
    client.sign_up()
    token = client.get("/get-session").at("session", "token")
    name = "better-auth.session_token"
    client.get("/get-session", cookie=f"{name}={forged(SECRET, token)}", label="newest")
    client.get("/get-session", cookie=f"{name}={forged(OLD, token)}", label="older")


@scenario(NO_BASE_URL, DYNAMIC)
def the_address_is_taken_from_the_request(client: Client) -> None:
    client.sign_up()
    client.get("/get-session")
    client.get("/error?error=x")
    person = {"email": client.email("ada"), "password": PASSWORD}
    for origin, host in (
        ("http://asked.example.test:4000", None),
        ("http://one.example.test", None),
        ("https://one.example.test", None),
        ("http://other.example.test", "other.example.test"),
        ("http://a.many.example.test", "a.many.example.test"),
        ("http://a.many.example.test", None),
        ("http://local.test:3000", "local.test:3000"),
        ("http://local.test", "local.test"),
        ("https://evil.example", None),
        ("https://evil.example", "evil.example"),
    ):
        visitor = client.another(f"{origin} at {host}")
        visitor.post("/sign-in/email", person, origin=origin, host=host or client.target.host)
    target = {**person, "callbackURL": "http://other.example.test/x"}
    client.another("callback").post("/sign-in/email", target, label="foreign callback")


@scenario(PROXIED)
def a_proxy_may_say_what_was_asked(client: Client) -> None:
    client.sign_up()
    person = {"email": client.email("ada"), "password": PASSWORD}
    for host, protocol in (
        ("public.example.test", "https"),
        ("public.example.test", "http"),
        ("public.example.test:8443", "https"),
        ("public.example.test", "ftp"),
        ("public..example.test", "https"),
        ("<script>", "https"),
        ("public.example.test", ""),
        ("", "https"),
    ):
        headers = {"X-Forwarded-Host": host, "X-Forwarded-Proto": protocol}
        client.another("proxied").post(
            "/sign-in/email", person, origin=f"https://{host}", headers=headers, label=f"{protocol} {host}"
        )
    client.another("proto only").post(
        "/sign-in/email", person, origin="https://asked.example.test", headers={"X-Forwarded-Proto": "https"}
    )


@scenario(DYNAMIC_FALLBACK)
def an_unknown_host_falls_back(client: Client) -> None:
    client.sign_up()
    person = {"email": client.email("ada"), "password": PASSWORD}
    for origin, host in (
        ("https://one.example.test", None),
        ("http://one.example.test", None),
        ("https://home.example.test", "other.example.test"),
        ("https://home.example.test", None),
        ("https://other.example.test", "other.example.test"),
    ):
        visitor = client.another(f"{origin} at {host}")
        visitor.post("/sign-in/email", person, origin=origin, host=host or client.target.host)
