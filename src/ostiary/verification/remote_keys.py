"""The key set of another server: fetched once for all who wait, kept while that server is away."""

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ostiary.crypto.javascript import stringify
from ostiary.crypto.json_web_keys import KeyRefused, PublicKey, read_public
from ostiary.crypto.strict_json import parse_object
from ostiary.crypto.token_form import Header, TokenRefused
from ostiary.domain.errors import IssuerUnavailable, JsonValue
from ostiary.domain.runtime import Runtime
from ostiary.outgoing import HttpClient

PAUSE: Final = 10.0
"""Seconds between two fetches that unknown keys cause, and between two that fail."""
_PATIENCE: Final = 5.0  # seconds for a whole answer
_LARGEST: Final = 256 * 1024  # bytes of a key set
_MOST_KEYS: Final = 100
_HEADERS: Final = {"accept": "application/jwk-set+json, application/json"}
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _KeySet:
    """The usable keys, each also by the text it was read from, so that an unchanged one stays the same."""

    by_text: Mapping[bytes, PublicKey]
    by_kid: Mapping[str, PublicKey]
    read_at: float

    def find(self, header: Header) -> PublicKey | None:
        """Return the key that a header names, or the only one of its algorithm where it names none."""
        if header.kid is not None:
            return self.by_kid.get(header.kid)
        fitting = [key for key in self.by_text.values() if key.algorithm == header.alg]
        return fitting[0] if len(fitting) == 1 else None


@dataclass
class RemoteKeys:
    """A KeySource at an address that the operator configured; nothing in a token leads anywhere else.

    A set is believed for `max_age`, renewed beside the requests from half of that on, and kept for
    `stale_for` while the server does not answer. A key it does not hold is asked for at once, but then not
    again before a pause, whatever names are made up meanwhile.
    """

    url: str
    client: HttpClient
    runtime: Runtime
    algorithms: Collection[str]
    """What keys may be for."""
    max_age: timedelta
    stale_for: timedelta
    headers: Mapping[str, str] = field(default_factory=dict)
    """What the server wants to see besides."""
    _known: _KeySet | None = field(default=None, init=False, repr=False)
    _fetching: asyncio.Task[None] | None = field(default=None, init=False, repr=False)
    _failed_at: float | None = field(default=None, init=False, repr=False)
    _asked_at: float | None = field(default=None, init=False, repr=False)
    _skipped: list[str] = field(default_factory=list, init=False, repr=False)

    def at_hand(self, header: Header) -> PublicKey | None:
        """Return the key a token's header names from a set that need not be renewed yet; None otherwise."""
        known = self._known
        if known is None or not self._is_young(known) or header.alg not in self.algorithms:
            return None
        return known.find(header)

    async def key_for(self, header: Header) -> PublicKey | None:
        """Return the key a token's header names; None if the issuer has no such key.

        Raises TokenRefused for another algorithm, and IssuerUnavailable.
        """
        if header.alg not in self.algorithms:
            raise TokenRefused("its alg is not accepted from this issuer")
        key = (await self._current()).find(header)
        if key is None and header.kid is not None and await self._asks_again():
            key = (await self._current()).find(header)
        return key

    async def close(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)

    async def _current(self) -> _KeySet:
        known = self._known
        if known is not None and self._is_young(known):
            return known
        if known is None or self._since(known.read_at) >= self._patience():
            await self._renew()
        elif not self._rests():
            self._fetch()
        return self._believed()

    def _is_young(self, known: _KeySet) -> bool:
        return self._since(known.read_at) < self.max_age.total_seconds() / 2

    def _patience(self) -> float:
        """Seconds after which a set is not used without asking for a newer one first.

        Once the server failed to answer, nobody waits for it again before the set is too old for anything.
        """
        return (self.max_age if self._failed_at is None else self.stale_for).total_seconds()

    def _believed(self) -> _KeySet:
        known = self._known
        if known is None or self.runtime.monotonic() - known.read_at >= self.stale_for.total_seconds():
            raise IssuerUnavailable(f"no keys from {self.url}")
        return known

    async def _asks_again(self) -> bool:
        """Renew the set for the sake of an unknown key; False where that has to wait."""
        if self._fetching is None or self._fetching.done():
            is_early = self._asked_at is not None and self._since(self._asked_at) < PAUSE
            if is_early and self._failed_at is None:
                return False
            self._asked_at = self.runtime.monotonic()
        await self._renew()
        if self._failed_at is not None:
            raise IssuerUnavailable(f"{self.url} does not tell whether it has that key")
        return True

    def _rests(self) -> bool:
        return self._failed_at is not None and self._since(self._failed_at) < PAUSE

    def _since(self, moment: float) -> float:
        return self.runtime.monotonic() - moment

    async def _renew(self) -> None:
        if not self._rests():
            # shielded: whoever gives up waiting must not take the answer from the others
            await asyncio.shield(self._fetch())

    def _fetch(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.get_running_loop().create_task(self._load())
        return self._fetching

    async def _load(self) -> None:
        try:
            self._known = self._read(await self._body())
        except Exception as error:  # noqa: BLE001  a client of the application's may raise anything
            self._failed_at = self.runtime.monotonic()
            _log.warning("no keys from %s: %s", self.url, error)
        else:
            self._failed_at = None

    async def _body(self) -> bytes:
        async with asyncio.timeout(_PATIENCE):
            headers = {**_HEADERS, **self.headers}
            answer = await self.client.get(self.url, headers=headers, timeout=_PATIENCE, limit=_LARGEST)
        if answer.status != 200:
            raise OSError(f"it answered {answer.status}")
        if len(answer.body) > _LARGEST:
            raise OSError("its answer is too large")
        return answer.body

    def _read(self, body: bytes) -> _KeySet:
        """Read a set strictly; keys that are not to be trusted are left out. Raises ValueError."""
        keys = parse_object(body).get("keys")
        if not isinstance(keys, list) or len(keys) > _MOST_KEYS:
            raise ValueError("its answer is no key set, or one of too many keys")
        named = Counter(
            kid for key in keys if isinstance(key, dict) and isinstance(kid := key.get("kid"), str)
        )
        usable: dict[bytes, PublicKey] = {}
        skipped: list[str] = []
        for key in keys:
            try:
                usable[stringify(key)] = self._read_key(key, named)
            except KeyRefused as refusal:
                skipped.append(f"{_name(key)}: {refusal}")
        self._report(skipped)
        by_kid = {key.kid: key for key in usable.values() if key.kid is not None}
        return _KeySet(usable, by_kid, self.runtime.monotonic())

    def _read_key(self, key: JsonValue, named: Mapping[str, int]) -> PublicKey:
        before = None if self._known is None else self._known.by_text.get(stringify(key))
        only = next(iter(self.algorithms)) if len(self.algorithms) == 1 else None
        read = before or read_public(key, algorithm=only)
        if read.algorithm not in self.algorithms:
            raise KeyRefused(f"{read.algorithm} is not accepted from this issuer")
        if read.kid is not None and named[read.kid] > 1:
            raise KeyRefused("another key has the same kid")
        return read

    def _report(self, skipped: list[str]) -> None:
        if skipped and skipped != self._skipped:
            _log.warning("keys of %s that are not used: %s", self.url, "; ".join(skipped))
        self._skipped = skipped


def _name(key: JsonValue) -> str:
    return repr(key.get("kid"))[:80] if isinstance(key, dict) else "no object"
