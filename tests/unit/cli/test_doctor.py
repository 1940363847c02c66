"""What the doctor finds, and what it says to change."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ostiary.cli.doctor import addresses, secrets
from ostiary.cli.doctor.finding import Finding, Level
from ostiary.cli.doctor.stores import clock_findings, redis_findings
from ostiary.domain.runtime import FrozenRuntime
from ostiary.options import Options, VersionedSecret
from tests.builders import SECRET

from .conftest import Command

STRONG = "q7Zr2mXw9LkT4vBn8HsD3fGy6JpC1aEuV5tRoNiWbKx"
HEALTHY = """
database = "sqlite:///people.db"
base_url = "https://auth.example.com"
trusted_origins = ["https://app.example.com", "https://*.example.com"]
trusted_proxies = ["10.0.0.0/8"]
"""


@pytest.fixture
def healthy(command: Command, configured: Path) -> Path:
    """Return a directory with a configuration that has no fault."""
    (configured / ".env").write_text(f"BETTER_AUTH_SECRET={STRONG}\n")
    (configured / "ostiary.toml").write_text(HEALTHY)
    command("migrate")
    return configured


def shown(output: str) -> dict[str, str]:
    """Return what was printed, by level and subject; the cure belongs to the line above it."""
    found: dict[str, str] = {}
    key = ""
    for line in output.splitlines():
        if line.startswith(tuple(Level)):
            key = f"{line[:8].strip()} {line[9:25].strip()}"
        if line:
            found[key] = f"{found.get(key, '')} {line[26:].strip()}"
    return found


def test_a_healthy_server_has_no_failure_and_no_warning(command: Command, healthy: Path) -> None:
    result = command("doctor")
    assert result.exit_code == 0, result.output
    assert "no failures, no warnings." in result.output
    assert {"ok secret", "ok base URL", "ok cookies", "ok database schema", "ok trusted proxies"} <= set(
        shown(result.output)
    )


def test_it_hints_that_no_mail_is_sent(command: Command, healthy: Path) -> None:
    assert "SMTP" in shown(command("doctor").output)["hint mail"]


@pytest.mark.parametrize(
    ("settings", "finding", "says"),
    [
        ('base_url = "http://auth.example.com"', "failure base URL", "in the clear"),
        ("[options.rateLimit]\nenabled = false", "failure rate limits", "rateLimit.enabled"),
        ("workers = 2\n[options.rateLimit]\nstorage = 'memory'", "warning rate limits", "2 times as high"),
        (
            "[options.emailAndPassword]\nrequireEmailVerification = true",
            "failure mail",
            "nobody can verify an address",
        ),
        ('smtp_url = "smtp://mail.example"', "warning mail", "mail.example in the clear"),
        ('smtp_url = "smtps://mail.example"', "ok mail", "ostiary mail test"),
        (
            "[options.emailAndPassword]\nenabled = false",
            "hint sign-in",
            "turn options.emailAndPassword.enabled on",
        ),
        ("[options.advanced]\ndisableCSRFCheck = true", "failure trusted origins", "any site can act"),
        ('redis = "redis://127.0.0.1:1"', "failure Redis", "correct REDIS_URL"),
        ('database = "sqlite://"', "warning database", "forgotten with the process"),
        ('workers = 2\ndatabase = "sqlite://"', "failure database", "each process has its own"),
        ('database = "sqlite:////nowhere/at/all.db"', "failure database", "unable to open"),
        (
            'database = "postgresql://nobody@127.0.0.1:1/nothing"',
            "failure database",
            "start it, or correct DATABASE_URL",
        ),
        ("prot = 1", "failure configuration", "did you mean 'port'?"),
        ('[options]\nsecrets = "x"', "failure configuration", ""),
    ],
)
def test_each_fault_is_found_with_its_cure(
    command: Command, healthy: Path, settings: str, finding: str, says: str
) -> None:
    given = {line.partition(" =")[0] for line in settings.splitlines()}
    kept = [line for line in HEALTHY.splitlines() if line.partition(" =")[0] not in given]
    first, bracket, table = settings.partition("[")
    (healthy / "ostiary.toml").write_text("\n".join([first, *kept, bracket + table]))
    result = command("doctor")
    assert says in shown(result.output)[finding], result.output
    has_failed = any(key.startswith("failure") for key in shown(result.output))
    assert result.exit_code == (1 if has_failed else 0)


def test_a_failure_ends_with_1(command: Command, healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_URL", "http://auth.example.com")
    result = command("doctor")
    assert result.exit_code == 1
    assert "1 failure, no warnings." in result.output


def test_a_missing_column_is_named(command: Command, healthy: Path) -> None:
    with closing(sqlite3.connect(healthy / "people.db")) as connection:
        connection.execute("ALTER TABLE user DROP COLUMN banReason")
    result = command("doctor")
    assert result.exit_code == 1
    assert (
        shown(result.output)["failure database schema"]
        == " missing: column user.banReason -> run `ostiary migrate`"
    )


def test_a_column_that_nobody_fills_is_named(command: Command, healthy: Path) -> None:
    with closing(sqlite3.connect(healthy / "people.db")) as connection:
        connection.execute("DROP TABLE verification")
        connection.execute("CREATE TABLE verification (id text primary key, made_by text NOT NULL)")
    assert "verification.made_by" in command("doctor").output


@pytest.mark.parametrize("name", [".env", "ostiary.toml"])
def test_a_secret_that_others_can_read_is_found(command: Command, healthy: Path, name: str) -> None:
    if name == "ostiary.toml":
        (healthy / name).write_text(HEALTHY + 'redis = "redis://:hunter2@127.0.0.1:1"\n')
    (healthy / name).chmod(0o644)
    found = shown(command("doctor").output)
    assert found["warning secret files"] == f" {name} can be read by others -> chmod 600 {name}"


def test_no_secret_is_printed(command: Command, healthy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", "hunter2")
    monkeypatch.setenv("BETTER_AUTH_URL", "http://localhost:8000")
    output = command("doctor").output
    assert "has 7 characters" in output
    assert "hunter2" not in output


def some_options(**changes: object) -> Options:
    mapping = {"secret": SECRET, "baseURL": "https://auth.example.com", **changes}
    return Options.from_mapping(mapping)


def levels(findings: list[Finding]) -> list[str]:
    return [str(finding.level) for finding in findings]


@pytest.mark.parametrize(
    ("secret", "level"),
    [
        (STRONG, "ok"),
        ("short", "failure"),
        ("ab" * 40, "failure"),
        ("a" * 64, "failure"),
        ("please-change-me-before-you-go-online-123", "warning"),
        ("my-Secret-that-is-long-enough-to-be-taken-456", "warning"),
    ],
)
def test_a_weak_secret_is_found(secret: str, level: str) -> None:
    options = Options(secret=secret, base_url="http://localhost")
    assert levels(list(secrets.strength(options))) == [level]


def test_every_secret_of_a_rotation_is_judged() -> None:
    options = Options(
        secret=STRONG,
        secrets=(VersionedSecret(version=2, value=STRONG), VersionedSecret(version=1, value="old")),
    )
    [finding] = secrets.strength(options)
    assert (finding.level, "secret 1 has 3 characters" in finding.message) == (Level.FAILURE, True)


@pytest.mark.parametrize(
    ("base_url", "level"),
    [
        (None, "warning"),
        ("https://auth.example.com", "ok"),
        ("http://localhost:3000", "ok"),
        ("http://127.0.0.1", "ok"),
        ("http://[::1]:80", "ok"),
        ("http://shop.localhost", "ok"),
        ("http://localhost.example.com", "failure"),
        ("http://10.0.0.1", "failure"),
    ],
)
def test_the_base_url_is_https_or_this_machine(base_url: str | None, level: str) -> None:
    assert levels(list(addresses.base_url(Options(secret=SECRET, base_url=base_url)))) == [level]


@pytest.mark.parametrize(
    ("advanced", "level", "says"),
    [
        ({}, "ok", "this host alone"),
        ({"crossSubDomainCookies": {"enabled": True, "domain": "example.com"}}, "ok", "example.com"),
        (
            {"crossSubDomainCookies": {"enabled": True, "domain": ".auth.example.com"}},
            "ok",
            "auth.example.com",
        ),
        ({"crossSubDomainCookies": {"enabled": False, "domain": "other.test"}}, "ok", "this host alone"),
        ({"crossSubDomainCookies": {"enabled": True, "domain": "app.example.com"}}, "failure", "parent"),
        ({"crossSubDomainCookies": {"enabled": True, "domain": "ample.com"}}, "failure", "parent"),
        ({"crossSubDomainCookies": {"enabled": True, "domain": "com"}}, "failure", "nobody's own"),
        ({"defaultCookieAttributes": {"domain": "other.test"}}, "failure", "other.test"),
        ({"cookies": {"session_token": {"attributes": {"domain": "other.test"}}}}, "failure", "other.test"),
        ({"useSecureCookies": False}, "warning", "without TLS"),
    ],
)
def test_cookies_fit_the_host(advanced: dict[str, object], level: str, says: str) -> None:
    [finding] = addresses.cookies(some_options(advanced=advanced))
    assert (finding.level, says in finding.message + finding.cure) == (level, True)


@pytest.mark.parametrize(
    ("base_url", "advanced", "says"),
    [
        ("http://10.0.0.1", {"useSecureCookies": True}, "browsers keep none"),
        ("http://localhost", {"defaultCookieAttributes": {"sameSite": "none"}}, "SameSite=None"),
        (None, {"crossSubDomainCookies": {"enabled": True}}, "which domain"),
        (
            "https://shop.vercel.app",
            {"crossSubDomainCookies": {"enabled": True, "domain": "vercel.app"}},
            "nobody's own",
        ),
    ],
)
def test_cookies_that_browsers_refuse_are_found(
    base_url: str | None, advanced: dict[str, object], says: str
) -> None:
    [finding] = addresses.cookies(some_options(baseURL=base_url, advanced=advanced))
    assert (finding.level, says in finding.message) == (Level.FAILURE, True)


@pytest.mark.parametrize(
    ("origin", "level"),
    [
        ("https://app.example.com", "ok"),
        ("https://*.example.com", "ok"),
        ("*.auth.example.com", "ok"),
        ("https://*.other.test", "warning"),
        ("http://localhost:3000", "ok"),
        ("http://*.localhost:3000", "ok"),
        ("myapp://", "ok"),
        ("*", "failure"),
        ("https://*", "failure"),
        ("http*://*", "failure"),
        ("*.*", "failure"),
        ("https://*.com", "failure"),
        ("https://app.*", "failure"),
        ("https://*.vercel.app", "failure"),
        ("*.shop.pages.dev", "warning"),
        ("http://app.example.com", "warning"),
    ],
)
def test_origins_of_strangers_are_found(origin: str, level: str) -> None:
    assert levels(list(addresses.origins(some_options(trustedOrigins=[origin])))) == [level]


def test_origins_that_a_function_decides_cannot_be_judged() -> None:
    async def decide(headers: object) -> list[str]:
        return []

    assert levels(list(addresses.origins(Options(secret=SECRET, trusted_origins=decide)))) == ["hint"]


@pytest.mark.parametrize(
    ("base_url", "proxies", "level"),
    [
        ("https://auth.example.com", ["10.0.0.0/8", "2001:db8::/32"], "ok"),
        ("https://auth.example.com", [], "warning"),
        ("http://localhost", [], "ok"),
        ("https://auth.example.com", ["0.0.0.0/0"], "failure"),
        ("https://auth.example.com", ["::/0"], "failure"),
        ("https://auth.example.com", ["128.0.0.0/4"], "warning"),
    ],
)
def test_proxies_are_named_and_narrow(base_url: str, proxies: list[str], level: str) -> None:
    options = some_options(baseURL=base_url, advanced={"ipAddress": {"trustedProxies": proxies}})
    assert levels(list(addresses.proxies(options))) == [level]


def test_headers_that_anybody_may_write_are_found() -> None:
    options = some_options().with_reference_defaults()
    [finding] = addresses.proxies(options)
    assert (finding.level, "anybody may write" in finding.message) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("information", "level"),
    [
        ({"redis_version": "7.0.15", "maxmemory_policy": "noeviction", "maxmemory": 100}, "ok"),
        ({"redis_version": "7.0.15", "maxmemory_policy": "allkeys-lru", "maxmemory": 100}, "warning"),
        ({"redis_version": "7.0.15", "maxmemory_policy": "allkeys-lru", "maxmemory": 0}, "hint"),
    ],
)
def test_a_redis_that_forgets_is_found(information: dict[str, object], level: str) -> None:
    assert levels(list(redis_findings(information, sessions=True))) == [level]


def test_an_old_redis_is_found() -> None:
    [finding, _] = redis_findings({"redis_version": "6.0.9"}, sessions=False)
    assert (finding.level, "6.2" in finding.cure) == (Level.FAILURE, True)


@pytest.mark.parametrize(
    ("apart", "level"),
    [(0, "ok"), (1.5, "ok"), (-5, "warning"), (5, "warning"), (61, "failure"), (-3600, "failure")],
)
def test_clocks_that_disagree_are_found(apart: float, level: str) -> None:
    clock = FrozenRuntime()
    asked = clock.now()
    clock.advance(seconds=0.4)
    theirs = asked.timestamp() + apart
    assert levels(list(clock_findings("the database", theirs, asked, clock.now()))) == [level]


def test_the_time_an_answer_takes_is_no_disagreement() -> None:
    asked = FrozenRuntime().now()
    answered = asked + timedelta(seconds=30)
    theirs = asked.timestamp() + 15
    assert levels(list(clock_findings("Redis", theirs, asked, answered))) == ["ok"]


def test_an_application_of_ones_own_is_examined(command: Command, healthy: Path) -> None:
    (healthy / "shop.py").write_text("from tests.builders import some_auth\nauth = some_auth()\n")
    result = command("doctor", "--app", "shop:auth")
    assert "a store of the application's own" in result.output
    assert "off: passwords can be guessed" in result.output
    assert "-> turn Options.rate_limit.enabled on" in result.output
