"""The keys that sign the server's tokens: made once, shared by every node, turned over in time."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ostiary.crypto.javascript import stringify
from ostiary.crypto.json_web_keys import (
    Jwk,
    KeyPair,
    KeyRefused,
    PrivateKey,
    PublicKey,
    VerifyingKey,
    curve_of,
    generate,
    read_private,
    read_public,
)
from ostiary.crypto.json_web_signatures import sign_token
from ostiary.crypto.sealing import SealError, seal, unseal
from ostiary.crypto.signing import Keyring
from ostiary.crypto.strict_json import parse_object, parse_text
from ostiary.crypto.token_form import Header
from ostiary.domain.audit import EventKind
from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.domain.runtime import Runtime
from ostiary.domain.signing_keys import JWKS, StoredKey, StoredKeyFields
from ostiary.services.audit import AuditLog
from ostiary.services.signers import KeyOptions
from ostiary.storage.store import OrderBy, Store, Tables

_log: Final = logging.getLogger("ostiary")
_LOCK: Final = "jwks"
_PAUSE: Final = 0.1  # seconds between two readings of the table that unknown keys may cause


@dataclass(frozen=True, slots=True)
class _KeySet:
    """What one node knows of the table."""

    rows: Sequence[StoredKey]
    public: Mapping[str, PublicKey]
    read_at: float


class SigningKeys:
    """A Signer whose keys lie in the table `jwks`, in the form that Better Auth servers share."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        runtime: Runtime,
        options: KeyOptions,
        audit: AuditLog | None = None,
    ) -> None:
        """Read nothing yet."""
        self._audit = audit
        self._store = store
        self._keyring = keyring
        self._runtime = runtime
        self._options = options
        self._known: _KeySet | None = None
        self._reading = asyncio.Lock()
        self._private: PrivateKey | None = None
        self._skipped: list[str] = []

    async def sign(self, claims: Mapping[str, JsonValue], typ: str | None = None) -> str:
        """Return a token with exactly these claims, signed by the newest key."""
        return sign_token(claims, await self._signing_key(), typ)

    def at_hand(self, header: Header) -> VerifyingKey | None:
        """Return the published key of this `kid` as far as this node's memory of the table is good."""
        known = self._known
        if known is None or header.kid is None or not self._is_recent(known):
            return None
        return known.public.get(header.kid)

    async def key_for(self, header: Header) -> VerifyingKey | None:
        """Return the published key of this `kid`; an unknown one may have been made by another node."""
        if header.kid is None:
            return None
        known = await self._current()
        if header.kid not in known.public and self._runtime.monotonic() - known.read_at > _PAUSE:
            known = await self._read(known)
        return known.public.get(header.kid)

    async def published(self) -> Sequence[Jwk]:
        """Return the public keys, the newest first; makes the first one."""
        await self._signing_key()
        return [self._as_published(row) for row in (await self._current()).rows]

    async def rotate(self) -> str:
        """Make a new key that signs from now on, and return its `kid`; earlier ones still prove."""
        row = await self._new_row()
        now = self._runtime.now()
        async with self._store.transaction(lock=_LOCK) as transaction:
            rows = transaction.rows(JWKS)
            changes = {StoredKeyFields.EXPIRES_AT: now}
            for signing in [row for row in await self._rows(transaction) if row.signs_at(now)]:
                await rows.update(changes, StoredKeyFields.PUBLIC_KEY.equals(signing.public_key))
            made = await rows.insert(row)
            if self._audit is not None:
                async with self._audit.act(transaction) as act:
                    await act.record(EventKind.KEYS_ROTATED, detail=made.id)
        self._known = None
        return made.id

    async def all(self) -> Sequence[StoredKey]:
        """Return every row, the newest first, those no longer published included."""
        return await self._rows(self._store)

    async def _signing_key(self) -> PrivateKey:
        known = await self._current()
        row = self._signing_row(known.rows) or await self._make(known)
        if self._private is None or self._private.kid != row.id:
            self._private = self._open(row)
        return self._private

    def _signing_row(self, rows: Sequence[StoredKey]) -> StoredKey | None:
        """The newest key of the configured algorithm, else the newest at all, among those in force."""
        in_force = [row for row in rows if row.signs_at(self._runtime.now())]
        preferred = [row for row in in_force if row.alg in {None, self._options.algorithm}]
        return next(iter([*preferred, *in_force]), None)

    async def _current(self) -> _KeySet:
        known = self._known
        if known is not None and self._is_recent(known):
            return known
        return await self._read(known)

    def _is_recent(self, known: _KeySet) -> bool:
        return self._runtime.monotonic() - known.read_at < self._options.read_again_after.total_seconds()

    async def _read(self, outdated: _KeySet | None) -> _KeySet:
        """Read the table, once for all who find the same knowledge outdated."""
        async with self._reading:
            if self._known is not None and self._known is not outdated:
                return self._known
            return await self._load()

    async def _load(self) -> _KeySet:
        earliest = self._runtime.now() - self._options.grace_period
        rows = [row for row in await self._rows(self._store) if row.signs_at(earliest)]
        self._known = self._readable(rows)
        return self._known

    def _readable(self, rows: Sequence[StoredKey]) -> _KeySet:
        """Leave out what another writer put there and nobody here can read: the other keys are still good."""
        before = self._known.public if self._known else {}
        public: dict[str, PublicKey] = {}
        skipped: list[str] = []
        for row in rows:
            try:
                public[row.id] = before.get(row.id) or self._public_key(row)
            except (KeyRefused, ValueError) as error:
                skipped.append(f"{row.id}: {error}")
        if skipped and skipped != self._skipped:
            _log.warning("keys of the table '%s' that are not used: %s", JWKS.name, "; ".join(skipped))
        self._skipped = skipped
        return _KeySet([row for row in rows if row.id in public], public, self._runtime.monotonic())

    @staticmethod
    async def _rows(tables: Tables) -> Sequence[StoredKey]:
        return await tables.rows(JWKS).all(order_by=OrderBy(StoredKeyFields.CREATED_AT, descending=True))

    async def _make(self, outdated: _KeySet) -> StoredKey:
        """Make a key unless somebody was faster, here or on another node."""
        async with self._reading:
            if self._known is not None and self._known is not outdated:
                made = self._signing_row(self._known.rows)
                if made is not None:
                    return made
            row = await self._new_row()
            async with self._store.transaction(lock=_LOCK) as transaction:
                made = self._signing_row(self._readable(await self._rows(transaction)).rows)
                if made is None:
                    made = await transaction.rows(JWKS).insert(row)
            await self._load()
            return made

    async def _new_row(self) -> StoredKey:
        options, now = self._options, self._runtime.now()
        pair = await asyncio.to_thread(generate, options.algorithm, options.modulus_length)
        return StoredKey(
            id=self._runtime.new_id(),
            public_key=stringify(pair.public).decode(),
            private_key=self._kept(pair),
            created_at=now,
            expires_at=None if options.rotation_interval is None else now + options.rotation_interval,
            alg=options.algorithm,
            crv=curve_of(options.algorithm),
        )

    def _kept(self, pair: KeyPair) -> str:
        private = stringify(pair.private).decode()
        if not self._options.encrypt_private_keys:
            return private
        return stringify(seal(private, self._keyring, self._runtime)).decode()

    def _open(self, row: StoredKey) -> PrivateKey:
        text = row.private_key
        try:
            private = unseal(parse_text(text.encode()), self._keyring) if text.startswith('"') else text
        except (SealError, ValueError) as error:
            raise ConfigurationError(
                f"the signing key '{row.id}' was encrypted under another secret: "
                "add that to `secrets`, or run `ostiary keys rotate`"
            ) from error
        return read_private(parse_object(private.encode()), kid=row.id, algorithm=self._algorithm(row))

    def _public_key(self, row: StoredKey) -> PublicKey:
        jwk = parse_object(row.public_key.encode())
        return read_public({**jwk, "kid": row.id}, algorithm=self._algorithm(row))

    def _as_published(self, row: StoredKey) -> Jwk:
        named: dict[str, JsonValue] = {"alg": self._algorithm(row)}
        if row.crv is not None:
            named["crv"] = row.crv
        return {**named, **parse_object(row.public_key.encode()), "kid": row.id}

    def _algorithm(self, row: StoredKey) -> str:
        return row.alg or self._options.algorithm
