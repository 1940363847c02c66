"""Mail that flows send: links built from configuration alone, counted by recipient and by who asked."""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from ostiary.crypto.signing import encode_uri_component
from ostiary.domain.entities import User
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.mail import Mail, MailKind, QueuedMail
from ostiary.domain.mailed_links import EmailChanged, MailedLink, NewDeviceLink
from ostiary.domain.runtime import Runtime
from ostiary.options import RateLimit
from ostiary.services.background import Background
from ostiary.storage.rate_limits import RateLimiter
from ostiary.storage.store import Store, Tables, Transaction

if TYPE_CHECKING:
    from ostiary.services.courier import Courier
    from ostiary.services.mailed_codes import MailedCodes

L = TypeVar("L", bound=MailedLink | EmailChanged | User)

_LONGEST_LANGUAGES: Final = 200
_log: Final = logging.getLogger("ostiary")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who makes the server write to somebody."""

    ip_address: str | None = None
    languages: str | None = None
    """The `Accept-Language` of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(Generic[L]):
    """One thing to be said to one mailbox, and who says it."""

    kind: MailKind
    to: str
    user: User
    make: Callable[[Tables], Awaitable[L]]
    """Writes what the letter is about, such as a token's row, and returns what a sender is called with."""
    sender: Callable[[L], Awaitable[None]] | None
    """The application's own function; None: the mailer writes it."""
    name: str
    """The option that holds the function."""
    expires_in: timedelta | None = None
    new_email: str | None = None
    has_own_share: bool = False
    """No other mail to the address, and none that the client caused elsewhere, may keep it back."""


@dataclass(frozen=True, kw_only=True)
class MailedLinks:
    """Hands letters to the application's senders or to the mailer; no answer shows whether one went out."""

    address: str | None
    """The address that the endpoints have for the world."""
    store: Store
    runtime: Runtime
    background: Background
    courier: "Courier | None"
    limiter: RateLimiter
    recipient_limit: RateLimit | None
    """How many mails one address gets."""
    asker_limit: RateLimit | None
    """How many mails one client address may cause."""
    codes: "MailedCodes | None" = None
    """Makes the codes that stand for links, where mails carry them."""
    wishes: "dict[MailKind, Callable[[Mail], Awaitable[Letter[MailedLink] | None]]]" = field(
        default_factory=dict
    )
    """Who gets what was asked for, by kind."""
    patience: timedelta = timedelta(minutes=1)
    """How long a function of the application may take."""

    def url(self, path: str, **query: str) -> str:
        """Return the address of an endpoint; raises ConfigurationError where the server has no base URL."""
        if self.address is None:
            raise ConfigurationError("set base_url: links in mails are built from it")
        pairs = (f"{name}={encode_uri_component(value)}" for name, value in query.items())
        return f"{self.address}{path}?{'&'.join(pairs)}"

    def delivers(self, sender: object | None) -> bool:
        """Tell whether anything sends what this function of the application would."""
        return sender is not None or self.courier is not None

    async def send(self, letter: Letter[L], asker: Asker) -> None:
        """Send a letter, unless there were enough; a no-op where nothing sends mail.

        It is in the outbox when this returns; functions of the application run beside the request.
        """
        if letter.sender is None and self.courier is not None:
            await self._send(letter, asker)
        else:
            self.send_unseen(letter, asker)

    def send_unseen(self, letter: Letter[L], asker: Asker) -> None:
        """Do the same beside the request, for what must not show by its time that there is a letter."""
        if self.delivers(letter.sender):
            self.background.start(self._send(letter, asker), letter.name, patience=self.patience)

    async def wish(self, mail: Mail, asker: Asker, name: str) -> None:
        """Note that a letter is wanted, for whoever owns an address or is to have it: always the same work.

        It is in the outbox when this returns; whether it is for anybody is asked before the delivery.
        """
        if self.courier is None or not await self.admits(mail.to, asker, name):
            return
        wish = replace(mail, is_wish=True, languages=_bounded(asker.languages))
        async with self.store.transaction() as tables:
            await self.courier.post(wish, tables)

    async def fulfil(self, row: QueuedMail, mail: Mail) -> tuple[QueuedMail, Mail] | None:
        """Make the letter of a wish, its token in the transaction that writes it down; None for nobody."""
        if self.courier is None:
            return None
        letter = await self.wishes[mail.kind](mail)
        if letter is None:
            await self.courier.outbox.drop(row)
            return None
        async with self.store.transaction() as tables:
            written = await self._mail_of(letter, mail.languages, tables)
            return await self.courier.outbox.rewrite(row, written, tables), written

    async def _send(self, letter: Letter[L], asker: Asker) -> None:
        """Count before the letter is made, so that no token is written that nobody gets."""
        asking, share = (Asker(), letter.kind) if letter.has_own_share else (asker, "")
        if not await self.admits(letter.to, asking, letter.name, share):
            return
        if letter.sender is not None:
            await letter.sender(await self._made(letter, self.store))
            return
        async with self.store.transaction() as tables:
            await self._post(letter, asker, tables)

    async def enclose(self, letter: Letter[L], asker: Asker, tables: Transaction) -> None:
        """Send a letter with what else a transaction writes; `admits` was asked before that began."""
        if letter.sender is None:
            await self._post(letter, asker, tables)
            return
        sender = letter.sender

        async def hand_over() -> None:
            """Call the application's function."""
            await sender(await self._made(letter, self.store))

        async def afterwards() -> None:
            """Begin once the writes are durable."""
            self.background.start(hand_over(), letter.name, patience=self.patience)

        tables.after_commit(afterwards)

    async def _post(self, letter: Letter[L], asker: Asker, tables: Transaction) -> None:
        if self.courier is not None:
            await self.courier.post(await self._mail_of(letter, asker.languages, tables), tables)

    async def _mail_of(self, letter: Letter[L], languages: str | None, tables: Tables) -> Mail:
        made = await self._made(letter, tables)
        now = self.runtime.now()
        mail = Mail(
            kind=letter.kind,
            to=letter.to,
            user_id=letter.user.id,
            url=made.url if isinstance(made, MailedLink) else None,
            code=made.code if isinstance(made, MailedLink) else None,
            new_email=letter.new_email,
            languages=_bounded(languages),
            expires_at=None if letter.expires_in is None else now + letter.expires_in,
        )
        if not isinstance(made, NewDeviceLink):
            return mail
        return replace(mail, device=made.device, ip_address=made.ip_address, signed_in_at=made.signed_in_at)

    async def _made(self, letter: Letter[L], tables: Tables) -> L:
        """Make what a letter is about, and the code that stands for its link."""
        made = await letter.make(tables)
        if self.codes is None or letter.expires_in is None or not isinstance(made, MailedLink):
            return made
        if isinstance(made, NewDeviceLink):
            return made  # nobody types what is pressed at once
        code = await self.codes.issue(letter.kind, letter.to, made.token, letter.expires_in, tables)
        return replace(made, code=code)

    async def admits(self, to: str, asker: Asker, name: str, share: str = "") -> bool:
        """Count a mail, and tell whether recipient and asker had fewer than their share."""
        recipient = hashlib.sha256(to.lower().encode()).hexdigest()[:32]
        if await self._is_spent(
            f"mail-by|{asker.ip_address}", self.asker_limit if asker.ip_address else None
        ):
            _log.warning("%s: the client caused enough mails for now", name)
            return False
        if await self._is_spent(f"mail{share}|{recipient}", self.recipient_limit):
            _log.warning("%s: the recipient had enough mails for now", name)
            return False
        return True

    async def _is_spent(self, key: str, limit: RateLimit | None) -> bool:
        return limit is not None and not (await self.limiter.hit(key, limit.max, limit.window)).allowed


def _bounded(languages: str | None) -> str | None:
    return languages and languages[:_LONGEST_LANGUAGES]
