"""What Prometheus scrapes and OpenTelemetry traces."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from ostiary import EmailVerificationOptions, Mailer, RateLimit, RateLimitOptions
from ostiary.crypto.passwords import BoundedHasher
from ostiary.domain.errors import ConfigurationError, StorageUnavailable
from ostiary.domain.runtime import FrozenRuntime
from ostiary.integrations.prometheus import Metrics
from ostiary.integrations.tracing import Tracing
from ostiary.server.app import application_server
from ostiary.server.application import Application
from ostiary.server.settings import Settings
from tests.builders import Browser, some_auth, some_options
from tests.posting import SENDER, Postbox

from .conftest import Serving

TOKEN = "a-token-for-prometheus"


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return samples(metrics).get((f"ostiary_{name}", frozenset(labels.items())), 0.0)


async def test_sign_ins_are_counted_by_outcome_and_requests_by_endpoint() -> None:
    metrics = Metrics()
    async with Browser(some_auth(observers=[metrics])) as browser:
        await browser.sign_up()
        await browser.sign_in()
        await browser.sign_in(password="not it")
        await browser.sign_in("nobody@example.com")
        await browser.session()
        await browser.get("/no-such-endpoint-7")
    assert value(metrics, "security_events_total", event="signed_up", reason="") == 1
    assert value(metrics, "security_events_total", event="signed_in", reason="") == 2
    refused = {"event": "sign_in_refused"}
    assert value(metrics, "security_events_total", **refused, reason="wrong password") == 1
    assert value(metrics, "security_events_total", **refused, reason="no such account") == 1
    labels = {"endpoint": "sign_in_email", "method": "POST"}
    assert value(metrics, "request_seconds_count", **labels, status="200") == 1
    assert value(metrics, "request_seconds_count", **labels, status="401") == 2
    code = "INVALID_EMAIL_OR_PASSWORD"
    assert value(metrics, "refusals_total", endpoint="sign_in_email", code=code) == 2
    assert (
        value(metrics, "work_seconds_count", work="password_hash") == 2
    )  # the sign-up, and nobody's password
    assert value(metrics, "work_seconds_count", work="password_verify") == 2
    assert "no-such-endpoint-7" not in metrics.exposition().decode()


async def test_refusals_by_rate_limits_and_failures_of_the_store_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics = Metrics()
    options = some_options(rate_limit=RateLimitOptions(custom_rules={"/ok": RateLimit(1, per=60)}))
    auth = some_auth(options, observers=[metrics])
    async with Browser(auth) as browser:
        await browser.sign_up()
        assert [(await browser.get("/ok")).status_code for _ in range(3)] == [200, 429, 429]

        async def gone(*_: Any) -> None:
            raise StorageUnavailable("gone")

        monkeypatch.setattr(auth.services.store, "session_with_user", gone)
        assert (await browser.get("/get-session")).status_code == 503
    assert value(metrics, "refusals_total", endpoint="ok", code="429") == 2  # wire: it has no code
    assert value(metrics, "refusals_total", endpoint="get_session", code="STORAGE_UNAVAILABLE") == 1


async def test_a_rolled_back_act_is_not_counted() -> None:
    from ostiary import DatabaseHooks, ModelHooks
    from ostiary.domain.errors import Errors

    async def refuse(row: Any) -> Any:
        raise Errors.FORBIDDEN()

    metrics = Metrics()
    hooks = DatabaseHooks(session=ModelHooks(before_create=refuse))
    async with Browser(some_auth(observers=[metrics], database_hooks=hooks)) as browser:
        body = {"name": "Ada", "email": "ada@example.com", "password": "Correct horse battery 7"}
        assert (await browser.post("/sign-up/email", json=body)).status_code == 403
    assert value(metrics, "security_events_total", event="signed_up", reason="") == 0


async def test_the_queue_of_passwords_and_the_work_beside_requests_can_be_read(clock: FrozenRuntime) -> None:
    metrics = Metrics()
    hasher = BoundedHasher(clock)
    auth = some_auth(observers=[metrics], hasher=hasher)
    waiting = [asyncio.create_task(hasher.hash("a password")) for _ in range(5)]
    release = asyncio.Event()

    async def fail() -> None:
        await release.wait()
        raise RuntimeError("broken")

    auth.services.background.start(fail(), "a test")
    await asyncio.sleep(0)
    assert 1 <= value(metrics, "hashing_jobs") <= 5
    assert value(metrics, "background_tasks") == 1
    release.set()
    await asyncio.gather(*waiting)
    await auth.close()
    assert value(metrics, "hashing_jobs") == 0
    assert value(metrics, "background_tasks") == 0
    assert value(metrics, "background_failures") == 1


async def test_mail_that_cannot_be_delivered_shows_by_its_number_and_age(clock: FrozenRuntime) -> None:
    metrics, box = Metrics(), Postbox(failure=OSError("no mail server"))
    options = some_options(email_verification=EmailVerificationOptions(send_on_sign_up=True))
    auth = some_auth(options, clock, observers=[metrics], mailer=Mailer(sender=SENDER, transport=box))
    async with Browser(auth) as browser:
        await browser.sign_up()
    assert auth.services.courier is not None
    await auth.services.courier.deliver_due()
    await auth.close()
    clock.advance(minutes=10)
    assert (box.attempts, value(metrics, "mail_waiting")) == (1, 1)
    assert value(metrics, "mail_oldest_seconds") == 600
    assert value(metrics, "mail_given_up") == 0


async def test_a_server_shows_metrics_to_whoever_knows_the_token() -> None:
    auth = some_auth(observers=[Metrics()])
    app = application_server(
        Application(Settings.model_validate({"metrics_token": TOKEN, "migrate": False}), auth)
    )
    async with Browser(app, base="", origin=None) as prometheus:
        for given in ("", "Bearer", f"Basic {TOKEN}", "Bearer another"):
            refused = await prometheus.get("/metrics", headers={"authorization": given})
            assert (refused.status_code, refused.content) == (401, b"")
        shown = await prometheus.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert shown.status_code == 200
    assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "ostiary_hashing_jobs" in shown.text or "ostiary_background_tasks" in shown.text


async def test_a_server_without_a_token_shows_nothing() -> None:
    app = application_server(Application(Settings.model_validate({"migrate": False}), some_auth()))
    async with Browser(app, base="", origin=None) as prometheus:
        assert (await prometheus.get("/metrics")).status_code == 404


def test_a_token_for_an_application_that_counts_nothing_is_a_mistake() -> None:
    settings = Settings.model_validate({"metrics_token": TOKEN, "migrate": False})
    with pytest.raises(ConfigurationError, match=r"Metrics\(\)"):
        application_server(Application(settings, some_auth()))


def tracing() -> tuple[Tracing, InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider), exporter


async def test_a_request_is_a_span_of_its_senders_trace_with_its_hashing_inside() -> None:
    observer, exporter = tracing()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with Browser(some_auth(observers=[observer])) as browser:
        answer = await browser.post(
            "/sign-in/email",
            json={"email": "ada@example.com", "password": "not it"},
            headers={"traceparent": parent},
        )
        assert answer.status_code == 401
    hashing, request = exporter.get_finished_spans()
    assert (hashing.name, request.name) == ("password_hash", "POST /api/auth/sign-in/email")
    assert hashing.parent == request.context
    assert f"{request.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "http.route": "/api/auth/sign-in/email",
        "ostiary.endpoint": "sign_in_email",
        "http.response.status_code": 401,
        "ostiary.refusal": "INVALID_EMAIL_OR_PASSWORD",
    }
    assert [event.name for event in request.events] == ["sign_in_refused"]


async def test_a_secret_in_a_path_or_a_query_is_in_no_span() -> None:
    """S85: spans name routes, not addresses."""
    observer, exporter = tracing()
    async with Browser(some_auth(observers=[observer])) as browser:
        await browser.get("/reset-password/canary-token", params={"callbackURL": "/canary-page"})
    [span] = exporter.get_finished_spans()
    assert span.name == "GET /api/auth/reset-password/{token}"
    assert "canary" not in span.to_json()


def test_workers_that_count_together_tell_of_all(serving: Serving, configured: Path) -> None:
    with (configured / "ostiary.toml").open("a") as file:
        file.write(f'metrics_token = "{TOKEN}"\n')
    server = serving("-m", "ostiary.cli", "serve", "--workers", "2")
    server.await_answer("/readyz")
    for _ in range(12):
        assert httpx2.get(f"{server.address}/api/auth/ok", headers={"connection": "close"}).status_code == 200
    shown = httpx2.get(f"{server.address}/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    counted = 'ostiary_request_seconds_count{endpoint="ok",method="GET",status="200"} 12.0'
    assert counted in shown.text
    assert server.stop() == 0, server.log
