"""The cookie that holds the account somebody came by, tokens and all, encrypted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ostiary.crypto.session_cache import ACCOUNT_SALT, LONGEST_CACHE
from ostiary.crypto.signing import Keyring
from ostiary.crypto.token_form import TokenRefused
from ostiary.domain.entities import Account, value_of
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import Runtime
from ostiary.domain.schema import Model
from ostiary.domain.values import entity_from_json
from ostiary.http.chunks import expire_chunks, write_chunks
from ostiary.http.cookies import Cookie, CookieJar, chunked_value
from ostiary.http.json import iso
from ostiary.http.messages import Request

_DEFAULT_LIFE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class AccountCookies:
    """Reads and writes it."""

    cookie: Cookie
    keyring: Keyring
    model: Model[Account]
    runtime: Runtime
    bound: bool
    """There is a database that knows whose the account is: nobody else's session carries it on."""

    def write(self, jar: CookieJar, request: Request, account: Account) -> None:
        """Give the browser an account as it is kept."""
        from ostiary.crypto import jose  # noqa: PLC0415  few servers need it

        life = self.cookie.max_age or _DEFAULT_LIFE
        claims: dict[str, JsonValue] = {
            field.name: _plain(value_of(account, field)) for field in self.model.fields
        }
        value = jose.encrypt_jwt({**claims, "id": account.id}, self.keyring, ACCOUNT_SALT, life, self.runtime)
        write_chunks(jar, request, self.cookie, value, life)

    def read(self, request: Request) -> Account | None:
        """Return the account that the browser carries, if a secret encrypted it and its time is not over."""
        from ostiary.crypto import jose  # noqa: PLC0415  few servers need it

        value = chunked_value(request.cookies, self.cookie.name)
        if value is None or len(value) > LONGEST_CACHE:
            return None
        try:
            claims = jose.decrypt_jwt(
                value, self.keyring, ACCOUNT_SALT, self.runtime.now(), limit=LONGEST_CACHE
            )
        except TokenRefused:
            return None
        return entity_from_json(self.model, claims)

    def carry_on(self, jar: CookieJar, request: Request, user_id: str) -> None:
        """Give the browser the same account for longer, unless this response says something else of it."""
        if jar.mentions(self.cookie) or (account := self.read(request)) is None:
            return
        if not self.bound or account.user_id == user_id:
            self.write(jar, request, account)
        else:
            self.clear(jar, request)

    def clear(self, jar: CookieJar, request: Request) -> None:
        """Expire the cookie."""
        jar.expire(self.cookie)
        expire_chunks(jar, request, self.cookie)


def _plain(value: JsonValue) -> JsonValue:
    return iso(value) if isinstance(value, datetime) else value
