"""S85: what is secret is in no log line, traceback, representation, span, metric or record."""

import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ostiary import AuditOptions, Auth, GitHub
from ostiary.domain.audit import AUDIT_EVENT
from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.prometheus import Metrics
from ostiary.integrations.request_ids import RequestIds
from ostiary.integrations.tracing import Tracing
from ostiary.plugins import Admin, Bearer, Jwt, Tokens
from ostiary.server.logging import configure_logging
from ostiary.server.settings import Settings
from tests.builders import Browser, some_auth
from tests.security.mailing import Outbox, mailing

SECRET = "canary-server-secret-7f3a9c1e5b2d4860"
PASSWORD = "Canary-password-1"
NEW_PASSWORD = "Canary-password-2"
RESET_PASSWORD = "Canary-password-3"
WRONG_PASSWORD = "Canary-password-4"
CLIENT_SECRET = "canary-client-secret"
FORGED = "canary-forged-credential"
GIVEN = (SECRET, PASSWORD, NEW_PASSWORD, RESET_PASSWORD, WRONG_PASSWORD, CLIENT_SECRET, FORGED)


class Tracebacks(logging.Handler):
    """Everything a careless handler would write: each record in full, tracebacks and causes included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts += [record.getMessage(), repr(record.__dict__)]
        if record.exc_info and record.exc_info[1] is not None:
            self.texts.append("".join(traceback.format_exception(record.exc_info[1])))


@dataclass
class Observed:
    """A server, and everything that is kept of it."""

    auth: Auth
    outbox: Outbox
    spans: InMemorySpanExporter
    metrics: Metrics
    stream: io.StringIO
    tracebacks: Tracebacks
    secrets: set[str] = field(default_factory=lambda: set(GIVEN))

    def keep(self, answer: Any) -> Any:
        """Take every credential of an answer for a secret."""
        for line in answer.headers.get_list("set-cookie"):
            value = line.partition("=")[2].partition(";")[0]
            self.secrets |= {value, value.partition(".")[0], value.partition("%")[0]}
        if answer.headers.get("content-type", "").startswith("application/json") and answer.content:
            self._keep_members(answer.json())
        return answer

    def _keep_members(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, member in value.items():
                if "token" in name.lower() and isinstance(member, str):
                    self.secrets.add(member)
                self._keep_members(member)
        elif isinstance(value, list):
            for member in value:
                self._keep_members(member)

    async def traces(self) -> dict[str, str]:
        """Return everything that may be read by others than the person."""
        services = self.auth.services
        events = await services.store.rows(AUDIT_EVENT).all(limit=10_000)
        return {
            "the log": self.stream.getvalue(),
            "records and tracebacks": "\n".join(self.tracebacks.texts),
            "spans": "\n".join(span.to_json() for span in self.spans.get_finished_spans()),
            "metrics": self.metrics.exposition().decode(),
            "the audit log": repr(events),
            "options": repr(self.auth.options),
            "services": repr(services),
            "plugins": repr(self.auth.plugins),
            "schema": repr(self.auth.schema),
            "rows": repr([await services.store.rows(m).all() for m in self.auth.schema.models]),
        }


@pytest.fixture
def observed(clock: FrozenRuntime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Observed]]:
    root, stream, tracebacks = logging.getLogger(), io.StringIO(), Tracebacks()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(logging.getLogger("httpx2"), "disabled", True)  # the browser of the test knows all

    def make() -> Observed:
        monkeypatch.setattr("sys.stderr", stream)
        configure_logging(Settings.model_validate({"log_format": "json", "log_level": "debug"}))
        root.addHandler(tracebacks)
        spans, provider, metrics, outbox = InMemorySpanExporter(), TracerProvider(), Metrics(), Outbox()
        provider.add_span_processor(SimpleSpanProcessor(spans))
        github = GitHub(client_id="an-id", client_secret=CLIENT_SECRET)
        options = mailing(
            outbox,
            secret=SECRET,
            social_providers=(github,),
            audit=AuditOptions(enabled=True, link_after=timedelta(0)),
        )
        plugins = [Admin(), Bearer(), Jwt(), Tokens()]
        auth = some_auth(options, clock, plugins=plugins, observers=[metrics, Tracing(provider)])
        return Observed(auth, outbox, spans, metrics, stream, tracebacks)

    yield make
    root.removeHandler(tracebacks)


async def live(it: Observed, browser: Browser) -> None:
    """Do what people and their clients do, well and badly."""
    post = browser.post
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    it.keep(await post("/sign-up/email", json=body))
    it.keep(await post("/sign-up/email", json=body))
    it.keep(await post("/sign-in/email", json={**body, "password": WRONG_PASSWORD}))
    it.keep(await post("/sign-in/email", json={"email": WRONG_PASSWORD, "password": "ada@example.com"}))
    it.keep(await post("/sign-in/email", json={**body, "password": [PASSWORD]}))
    it.keep(await post("/sign-in/email", content=f'{{"password": "{PASSWORD}"'.encode()))
    it.keep(await post("/sign-in/email", json=body))
    it.keep(await browser.get("/get-session"))
    it.keep(await browser.get("/list-sessions"))
    it.keep(await browser.get("/token"))
    it.keep(await post("/verify-password", json={"password": WRONG_PASSWORD}))
    changed = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD, "revokeOtherSessions": True}
    it.keep(await post("/change-password", json=changed))
    it.keep(await post("/revoke-session", json={"token": FORGED}))
    it.keep(await post("/sign-in/social", json={"provider": "github"}))
    it.keep(await browser.get("/callback/github", params={"code": FORGED, "state": FORGED}))
    await mail(it, browser)
    await tokens(it, browser)
    for header in (f"Bearer {FORGED}", f"Basic {FORGED}", f"Bearer {FORGED}.{FORGED}.{FORGED}"):
        await browser.get("/get-session", headers={"authorization": header})
        await browser.get("/me", headers={"authorization": header})
    await browser.get("/get-session", headers={"cookie": f"better-auth.session_token={FORGED}.{FORGED}"})
    await browser.get(f"/reset-password/{FORGED}", params={"callbackURL": f"/?token={FORGED}"})
    await browser.get("/verify-email", params={"token": FORGED})
    it.keep(await post("/sign-out", json={}))


async def mail(it: Observed, browser: Browser) -> None:
    """Use every mailed secret, and present one again."""
    it.keep(await browser.post("/send-verification-email", json={"email": "ada@example.com"}))
    await browser.get(await it.outbox.path(it.auth))
    it.keep(await browser.post("/request-password-reset", json={"email": "ada@example.com"}))
    token = (await it.outbox.last(it.auth)).token
    for _ in range(2):
        answer = await browser.post("/reset-password", json={"newPassword": RESET_PASSWORD, "token": token})
        it.keep(answer)
    it.secrets |= {link.token for link in it.outbox.links} | {link.url for link in it.outbox.links}
    body = {"email": "ada@example.com", "password": RESET_PASSWORD}
    it.keep(await browser.post("/sign-in/email", json=body))


async def tokens(it: Observed, browser: Browser) -> None:
    """Sign in for tokens, rotate one, and use the first again until its family is dead."""
    body = {"email": "ada@example.com", "password": RESET_PASSWORD}
    first = it.keep(await browser.post("/login", json=body)).json()
    refresh = next(value for name, value in first.items() if "refresh" in name.lower())
    for _ in range(4):
        it.keep(await browser.post("/refresh", json={"refresh_token": refresh, "refreshToken": refresh}))
        it.auth.services.runtime.advance(minutes=5)  # type: ignore[attr-defined]  # the clock of the test


def leaks(traces: dict[str, str], secrets: set[str]) -> list[tuple[str, str]]:
    wanted = [secret for secret in secrets if len(secret) > 12]
    return [(place, secret) for place, text in traces.items() for secret in wanted if secret in text]


async def test_a_secret_is_told_to_nobody(observed: Callable[[], Observed]) -> None:
    it = observed()
    async with Browser(RequestIds(it.auth)) as browser:
        await live(it, browser)
    await it.auth.close()
    traces = await it.traces()
    rows = traces.pop("rows")
    assert len(it.secrets) > 25, "the run met too few secrets to prove anything"
    assert all(len(text) > 100 for text in traces.values())
    assert leaks(traces, it.secrets) == []
    # tables hold what the contract asks them to; their representation still shows no credential
    assert leaks({"rows": rows}, it.secrets) == []


async def test_a_failure_in_the_middle_tells_none_either(
    observed: Callable[[], Observed], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request meets a broken store, then a broken program: tracebacks are logged, secrets are not."""
    it = observed()
    async with Browser(RequestIds(it.auth)) as browser:
        it.keep(
            await browser.post(
                "/sign-up/email", json={"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
            )
        )
        for error in (StorageUnavailable("gone"), RuntimeError("broken")):

            def fail(*_: Any, error: Exception = error, **__: Any) -> Any:
                raise error

            with monkeypatch.context() as broken:
                broken.setattr(it.auth.services.store, "rows", fail)
                broken.setattr(it.auth.services.store, "credential", fail)
                broken.setattr(it.auth.services.store, "session_with_user", fail)
                for path, body in (
                    ("/sign-in/email", {"email": "ada@example.com", "password": PASSWORD}),
                    ("/change-password", {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}),
                    ("/login", {"email": "ada@example.com", "password": PASSWORD}),
                    ("/reset-password", {"newPassword": RESET_PASSWORD, "token": FORGED}),
                ):
                    assert (await browser.post(path, json=body)).status_code in {500, 503}
                await browser.get("/get-session")
    await it.auth.close()
    traces = await it.traces()
    assert "broken" in traces["records and tracebacks"]
    assert leaks(traces, it.secrets) == []


def test_settings_tell_no_secret() -> None:
    secrets = {
        "secret": SECRET,
        "metrics_token": "canary-metrics-token",
        "database": "postgresql://auth:canary-database-password@db/auth",
        "redis": "redis://:canary-redis-password@cache/0",
        "options": {"socialProviders": {"github": {"clientId": "x", "clientSecret": CLIENT_SECRET}}},
    }
    settings = Settings.model_validate(secrets)
    shown = repr(settings) + str(settings) + json.dumps(settings.model_dump(mode="json", include={"secret"}))
    assert "canary" not in shown
