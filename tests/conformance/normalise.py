"""Values that differ from run to run become stable placeholders that still prove their format."""

import base64
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

RANDOM = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{32}(?![A-Za-z0-9])")
RESET = re.compile(r"(?<=reset-password[/:])[A-Za-z0-9]{24}(?![A-Za-z0-9])")
SHORT = re.compile(r"(?<=token=)[A-Za-z0-9]{24}(?![A-Za-z0-9])|^[A-Za-z0-9]{24}$")
UUID = re.compile(
    r"(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?![0-9a-f-])"
)
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
JWT = re.compile(r"(?<![\w-])eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+(?![\w-])")
SIGNATURE = re.compile(r"(?<=\.)[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])")
FLOW = re.compile(r"(?<=[?&])(state|nonce|code_challenge)=([\w-]{32,43})(?![\w-])")
SEALED = re.compile(r"\b(?:[0-9a-f]{2}){100,}\b")
KEY_MATERIAL = frozenset({"x", "y", "n", "d", "p", "q", "dp", "dq", "qi"})
SCRYPT = re.compile(r"[0-9a-f]{32}:[0-9a-f]{128}")
ROW_NUMBER = re.compile(r"[1-9]\d*")
ROW_KEYS = frozenset({"id", "userId", "accountId", "sub"})
MILLISECONDS = range(1_600_000_000_000, 2_500_000_000_000)
SECONDS = range(1_600_000_000, 2_500_000_000)
A_DAY = 86_400
LONGEST_WAIT = 86_400
UNITS = (("d", 1440), ("h", 60), ("m", 1))


def offset(seconds: float) -> str:
    """Name a distance from now: `+7d`, `-2h`, `now`.

    What happened a moment ago has drifted into the past by as much as the test took since: up to a minute of
    that is forgiven by going up to the next full minute.
    """
    minutes = math.ceil((seconds - 1) / 60)
    if minutes == 0:
        return "now"
    sign = "+" if minutes > 0 else "-"
    name, unit = next((name, unit) for name, unit in UNITS if minutes % unit == 0)
    return f"{sign}{abs(minutes) // unit}{name}"


@dataclass
class Placeholders:
    """The names one transcript has given out: the same value always gets the same name.

    A name says in which step its value was seen first, so that a value that is missing on one side does not
    rename all that follow.
    """

    began: float = math.inf
    """When the transcript began: every moment from then on is "now"."""
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    step: int = 1
    given: int = 0

    def begin(self, step: int) -> None:
        """Count anew from here."""
        self.step, self.given = step, 0

    def name(self, kind: str, value: str) -> str:
        """Return the placeholder of a value, a new one for a value not seen before."""
        key = (kind, value)
        if key not in self.names:
            self.given += 1
            self.names[key] = f"<{kind} {self.step}.{self.given}>"
        return self.names[key]

    def text(self, text: str, now: float) -> str:
        """Replace every identifier, token and time within a text."""
        text = JWT.sub(lambda match: self._jwt(match[0], now), text)
        text = SEALED.sub("<sealed>", text)
        text = FLOW.sub(lambda match: f"{match[1]}={self.name('random', match[2])}", text)
        text = SIGNATURE.sub(lambda match: self.name("signature", match[0]), text)
        text = RANDOM.sub(lambda match: self.name("random", match[0]), text)
        for pattern in (RESET, SHORT):
            text = pattern.sub(lambda match: self.name("short random", match[0]), text)
        text = UUID.sub(lambda match: self.name("uuid", match[0]), text)
        return ISO.sub(lambda match: self._time(match[0], now), text)

    def value(self, value: Json, now: float, key: str = "") -> Json:
        """Replace within a JSON value, keeping the order of its keys."""
        if isinstance(value, dict):
            return {name: self.value(item, now, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, now, key) for item in value]
        if isinstance(value, str):
            return self._string(value, now, key)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._number(value, now)
        return value

    def _jwt(self, token: str, now: float) -> str:
        """Show what a token says; who signed it is not told here."""
        header, claims, signature = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
        shown = (compact(self.value(parsed(part.decode()), now)) for part in (header, claims))
        return f"<token {' '.join(shown)} {len(signature)} bytes>"

    def moment(self, epoch: float, now: float) -> str:
        """Name a moment by its distance from now.

        Dates that scenarios write down are no such moments: they are days, midnight to the millisecond, which
        no clock shows while a test runs. Their distance from now would change with every minute.
        """
        return "now" if self.began - 1 <= epoch <= now + 1 else offset(epoch - now)

    def _time(self, text: str, now: float) -> str:
        epoch = datetime.fromisoformat(text).timestamp()
        return text if epoch % A_DAY == 0 else f"<time {self.moment(epoch, now)}>"

    def _number(self, value: int, now: float) -> int | str:
        if value in MILLISECONDS:
            return value if value % (A_DAY * 1000) == 0 else f"<ms {self.moment(value / 1000, now)}>"
        return f"<s {self.moment(value, now)}>" if value in SECONDS else value

    def _string(self, value: str, now: float, key: str) -> str:
        if key == "nonce":
            return self.name("random", value)
        if SCRYPT.fullmatch(value):
            return self.name("scrypt hash", value)
        if key in KEY_MATERIAL:
            return self.name(f"{len(value)} characters of a key", value)
        if key in ROW_KEYS and ROW_NUMBER.fullmatch(value):
            return self.name("serial", value)
        return self.text(value, now)


def waiting(seconds: str) -> str:
    """Name a number of seconds to wait, give or take the time the test took."""
    if not seconds.isdecimal():
        return seconds
    wait = int(seconds)
    if wait > LONGEST_WAIT:
        return "<no sensible number of seconds>"
    return f"<about {round(wait / 60)} minutes>" if wait >= 60 else f"<at most {-(-wait // 10) * 10} seconds>"


def parsed(text: str) -> Json:
    """Read JSON; a repeated key is kept apart so that it shows."""

    def pairs(items: list[tuple[str, Json]]) -> Json:
        result: dict[str, Json] = {}
        for key, value in items:
            result[f"{key} (repeated)" if key in result else key] = value
        return result

    reader: Callable[..., Json] = json.loads
    return reader(text, object_pairs_hook=pairs)


def compact(value: Json) -> str:
    """Write JSON as JavaScript's JSON.stringify does."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def pretty(value: Json) -> str:
    """Write JSON over several lines, for people and for comparisons."""
    return json.dumps(value, ensure_ascii=False, indent=2)
