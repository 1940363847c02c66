"""What a scenario speaks with: a browser's cookie jar over bare HTTP, every exchange recorded."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypedDict, Unpack
from urllib.parse import urlencode

from tests.conformance import databases
from tests.conformance.cookie_values import CHUNK, CookieValues, forged, joined
from tests.conformance.http_exchange import Answer, exchange
from tests.conformance.normalise import JWT, Json, Placeholders, compact, parsed, pretty, waiting
from tests.conformance.transcript import Exchange, Transcript

PASSWORD = "correct horse battery"
TRANSPORT = frozenset({"date", "connection", "keep-alive", "transfer-encoding", "content-length", "server"})
LONGEST_SHOWN = 2000
SHORT_COOKIE = 24


class Unset:
    """The argument was not given; None means something else."""


UNSET: Final = Unset()
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Target:
    """One running server as a scenario sees it."""

    name: str
    port: int
    host: str
    origin: str
    base_path: str
    secret: str
    database: str
    redis: str | None = None


class Details(TypedDict, total=False):
    """What a request may have beside its JSON body; what is left out is as a browser on the site sends it."""

    form: Mapping[str, str]
    raw: bytes
    content_type: str | None
    origin: str | None
    cookie: str | None
    headers: Mapping[str, str]
    host: str
    outside: bool
    """The path is whole, not below the base path."""
    label: str
    """What the step is about, for its name."""


@dataclass
class Client:
    """One browser (or program) that talks to one server; `another()` sits beside it in the same scenario."""

    target: Target
    transcript: Transcript
    placeholders: Placeholders = field(default_factory=lambda: Placeholders(began=time.time()))
    jar: dict[str, str] = field(default_factory=dict)
    who: str = ""

    @property
    def values(self) -> CookieValues:
        """Reader of the server's cookies."""
        return CookieValues(self.target.secret, self.placeholders)

    def another(self, who: str) -> "Client":
        """Return a second browser with an empty jar."""
        return replace(self, jar={}, who=who)

    def email(self, name: str) -> str:
        """Return an address that belongs to this scenario alone."""
        configuration, _, story = self.transcript.scenario.replace("_", "-").partition("/")
        return f"{name}@{story[:60].strip('-')}.{configuration}.example"

    def get(self, path: str, **details: Unpack[Details]) -> Answer:
        """Send a GET below the base path."""
        return self.send("GET", path, **details)

    def post(self, path: str, body: Json | Unset = UNSET, **details: Unpack[Details]) -> Answer:
        """Send a POST below the base path, with a JSON body where one is given."""
        return self.send("POST", path, body, **details)

    def sign_up(self, who: str = "ada", /, **fields: Json) -> Answer:
        """Sign a person of this scenario up."""
        given: dict[str, Json] = {"name": who.title(), "email": self.email(who), "password": PASSWORD}
        return self.post("/sign-up/email", {**given, **fields})

    def sign_in(self, who: str = "ada", /, **fields: Json) -> Answer:
        """Sign a person of this scenario in."""
        return self.post("/sign-in/email", {"email": self.email(who), "password": PASSWORD, **fields})

    def arrive(self, who: str = "ada", /, *, remember: bool = True) -> str:
        """Be a person with a session that nobody had to hash a password for; return the session's token.

        Writes the rows a sign-up writes and signs the cookie with the server's secret. For the plain tables
        only; where sessions are in Redis the person really signs up, or in.
        """
        if self.target.redis is not None:
            known = databases.rows(
                self.target.database, 'SELECT 1 FROM "user" WHERE email = $1', self.email(who)
            )
            fields: dict[str, Json] = {} if remember else {"rememberMe": False}
            return (self.sign_in(who, **fields) if known else self.sign_up(who, **fields)).at("token")
        token = databases.arrive(self.target.database, self.email(who), who.title(), remember=remember)
        self.jar = {"better-auth.session_token": forged(self.target.secret, token)}
        if not remember:
            self.jar["better-auth.dont_remember"] = forged(self.target.secret, "true")
        return token

    def send(self, method: str, path: str, body: Json | Unset = UNSET, **details: Unpack[Details]) -> Answer:
        """Send one request and record the exchange."""
        payload = _payload(body, details)
        full = path if details.get("outside") else self.target.base_path + path
        headers = self._headers(method, body, details)
        host = details.get("host", self.target.host)
        sent = [("Host", host), ("User-Agent", "conformance"), *headers]
        answer = exchange(self.target.port, (method, full), sent, payload)
        self._remember(answer)
        shown = [("Host", host), *headers] if "host" in details else headers
        request = [f"{method} {full}", *(f"{name}: {value}" for name, value in shown)]
        request += [] if payload is None else ["", payload.decode(errors="replace")]
        self._record(f"{method} {JWT.sub('<token>', path)}", details.get("label", ""), request, answer)
        return answer

    def _headers(self, method: str, body: Json | Unset, details: Details) -> list[tuple[str, str]]:
        own = None if method in {"GET", "HEAD"} else self.target.origin
        given = {
            "Origin": details.get("origin", own),
            "Content-Type": details.get("content_type", _content_type(body, details)),
            "Cookie": details.get("cookie", self._cookie_header()),
        }
        chosen = [(name, value) for name, value in given.items() if value is not None]
        return [*chosen, *details.get("headers", {}).items()]

    def sql(self, statement: str, *values: object) -> None:
        """Change the database behind the server's back."""
        databases.execute(self.target.database, statement, *values)

    def value(self, query: str, *values: object) -> str:
        """Look up one text in the database."""
        [row] = databases.rows(self.target.database, query, *values)
        assert isinstance(row, dict)
        return str(next(iter(row.values())))

    def rows(self, label: str, query: str, *values: object) -> None:
        """Look into the database and record what is there."""
        now = time.time()
        found = databases.rows(self.target.database, query, *values)
        shown = pretty(self.placeholders.value(found, now))
        self._add("database", label, query, {"rows": shown}, found)

    def note(self, label: str, found: Json) -> None:
        """Record what a scenario found out by itself."""
        self._add("note", label, "", {"found": pretty(self.placeholders.value(found, time.time()))}, found)

    def calls(self, label: str = "") -> list[dict[str, Json]]:
        """Take what the server's callbacks were called with for people of this scenario, and record it."""
        now = time.time()
        domain = self.email("").removeprefix("@")
        answer = exchange(self.target.port, ("GET", f"/-/calls?of={domain}"), [("Host", "calls")], None)
        found: list[dict[str, Json]] = json.loads(answer.body)
        shown = pretty(self.placeholders.value(found, now))
        self._add("callbacks", label, "", {"calls": shown}, found)
        return found

    def link(self, label: str = "") -> str:
        """Return the path and query of the last link that was mailed, below the base path."""
        url = [call["url"] for call in self.calls(label) if "url" in call][-1]
        assert isinstance(url, str)
        return url.removeprefix(self.target.origin + self.target.base_path)

    def stored(self, label: str, key: str) -> None:
        """Look at a key in Redis and record its value and life time."""
        assert self.target.redis is not None, "this configuration has no Redis"
        now = time.time()
        value, left = databases.stored(self.target.redis, key)
        try:
            shown = pretty(self.placeholders.value(parsed(value or "null"), now))
        except json.JSONDecodeError:
            shown = self.placeholders.text(value or "", now)
        life = f"{round(left / 60)} minutes" if left > 0 else str(left)
        request = self.placeholders.text(key, now)
        self._add("redis", label, request, {"value": shown, "life": life}, value)

    def _cookie_header(self) -> str | None:
        return "; ".join(f"{name}={value}" for name, value in self.jar.items()) or None

    def _remember(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name == "set-cookie":
                pair, *attributes = value.split("; ")
                cookie, _, content = pair.partition("=")
                self.jar.pop(cookie, None)
                if "Max-Age=0" not in attributes:
                    self.jar[cookie] = content

    def _record(self, step: str, label: str, request: list[str], answer: Answer) -> None:
        now = time.time()
        parts = {"status": str(answer.status)}
        for name, value in sorted(answer.headers):
            if name not in TRANSPORT and name != "set-cookie":
                parts[name] = (
                    waiting(value) if name.endswith("retry-after") else self.placeholders.text(value, now)
                )
        lines = [value for name, value in answer.headers if name == "set-cookie"]
        if lines:
            parts["set-cookie"] = "\n".join(self._cookie_line(line, now) for line in lines)
        for name, value in joined(answer.cookies).items():
            if (content := self.values.opened(value, now)) is not None:
                parts[f"cookie {name}"] = content
        parts["body"] = self._body(answer, now)
        raw: Json = {
            "status": answer.status,
            "headers": [[name, value] for name, value in answer.headers],
            "body": answer.body.decode(errors="replace")[:20_000],
        }
        self._add(step, label, "\n".join(self._request_line(line, now) for line in request), parts, raw)

    def _cookie_line(self, line: str, now: float) -> str:
        pair, separator, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        chunk = CHUNK.fullmatch(name) and value
        shown = f"<chunk of {len(value)} characters>" if chunk else self.values.summary(value, now)
        return f"{name}={shown}{separator}{attributes}"

    def _request_line(self, line: str, now: float) -> str:
        if line.lower().startswith("cookie: "):
            pieces = re.split(r"([;,\s]+)", line[len("cookie: ") :])
            pairs = (piece.partition("=") if "=" in piece else ("", "", piece) for piece in pieces)
            known = (f"{name}{sign}{self._sent_cookie(value, now)}" for name, sign, value in pairs)
            return "Cookie: " + "".join(known)
        if line.startswith("Authorization: Bearer "):
            return f"Authorization: Bearer {self._sent_cookie(line.rsplit(maxsplit=1)[-1], now)}"
        shown = self.placeholders.text(line, now)
        return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:200]}… ({len(line)} characters)"

    def _sent_cookie(self, value: str, now: float) -> str:
        shown = self.values.summary(value, now)
        return shown if shown.startswith("<") or len(value) <= SHORT_COOKIE else "<a long value>"

    def _body(self, answer: Answer, now: float) -> str:
        if not answer.body:
            return "(empty)"
        text = answer.body.decode()
        try:
            data = parsed(text)
        except json.JSONDecodeError:
            return self.placeholders.text(text, now)
        note = "" if compact(data) == text else "(not as JSON.stringify writes)\n"
        if isinstance(data, list) and all(isinstance(row, dict) and "providerId" in row for row in data):
            data.sort(
                key=lambda row: (row["providerId"], str(row.get("accountId")))
            )  # no server promises an order
        return note + pretty(self.placeholders.value(data, now))

    def _add(self, step: str, label: str, request: str, parts: dict[str, str], raw: Json) -> None:
        number = len(self.transcript.exchanges) + 1
        name = f"{number:02d} {step}"
        name += f" ({self.who})" if self.who else ""
        name += f" · {label}" if label else ""
        self.transcript.exchanges.append(Exchange(name, request, parts, raw))
        self.placeholders.begin(number + 1)


def _payload(body: Json | Unset, details: Details) -> bytes | None:
    if "raw" in details:
        return details["raw"]
    if "form" in details:
        return urlencode(details["form"]).encode()
    return None if isinstance(body, Unset) else compact(body).encode()


def _content_type(body: Json | Unset, details: Details) -> str | None:
    if "form" in details:
        return FORM_TYPE
    return None if isinstance(body, Unset) else JSON_TYPE
