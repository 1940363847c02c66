"""What a flow remembers while the browser is away: kept here under the state, or in a sealed cookie."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hmac import compare_digest
from typing import Final

from ostiary.crypto.javascript import stringify, text_to_bytes
from ostiary.crypto.session_cache import milliseconds
from ostiary.crypto.signing import Keyring
from ostiary.crypto.strict_json import Claims, parse_object
from ostiary.domain.errors import JsonValue
from ostiary.domain.runtime import ALPHANUMERIC, Runtime
from ostiary.services.oauth.failure import FlowFailed
from ostiary.services.verifications import Verifications

LIFE: Final = timedelta(minutes=10)
_ALPHABET: Final = ALPHANUMERIC + "-_"
_COOKIE: Final = "oauth-state-cookie"
_SESSION: Final = "oauth-link-session-token"
_MISMATCH: Final = "state_mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkIntent:
    """Whose account is to be linked, as the session that asked for it was."""

    user_id: str
    email: str
    session_token: str | None = field(repr=False)
    """None in what an old server wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One attempt to sign in or to link."""

    provider_id: str | None
    """Who may answer; None in what another server wrote."""
    callback_url: str
    code_verifier: str = field(repr=False)
    error_url: str | None = None
    new_user_url: str | None = None
    request_sign_up: bool | None = None
    nonce: str | None = field(default=None, repr=False)
    link: LinkIntent | None = None
    additional: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The state of a flow that has begun, and the sealed flow where the browser has to carry it."""

    state: str
    carried: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class States:
    """Flows under way, each of which comes back once and to the browser it began in."""

    verifications: Verifications
    keyring: Keyring
    runtime: Runtime
    in_cookie: bool
    any_browser: bool = False
    """A flow may end in another browser than it began in."""

    def random(self, length: int) -> str:
        """Return text that nobody can guess, of the characters of a code verifier (RFC 7636 section 4.1)."""
        return self.runtime.random_string(length, _ALPHABET)

    async def begin(self, flow: Flow) -> Ticket:
        """Keep a flow for ten minutes under a new state."""
        state = self.random(32)
        text = stringify(self._written(flow, state)).decode()
        if self.in_cookie:
            return Ticket(state, self._sealed(text, _COOKIE))
        await self.verifications.issue(f"auth-state:{state}", text, LIFE)
        return Ticket(state)

    async def redeem(self, state: str, presented: str | None) -> Flow:
        """Return the flow of a state, once, for the browser it began in.

        `presented` is what that browser carries: the state itself, or the sealed flow. Raises FlowFailed. A
        browser that cannot show it spends nothing, so that nobody ends the flow of another.
        """
        if self.in_cookie:
            return self._opened(state, presented)
        kept = await self.verifications.find(f"auth-state:{state}", or_over=True)
        if kept is None:
            raise FlowFailed(_MISMATCH, reason="an unknown or used state")
        members = parse_object(kept.value.encode())
        if not (self.any_browser or _is_same(presented, state)):
            raise FlowFailed(_MISMATCH, reason="another browser", error_url=members.get("errorURL"))
        spent = await self.verifications.consume(f"auth-state:{state}")
        flow = self._read(members, state)
        if spent is None:
            raise FlowFailed(_MISMATCH, reason="used meanwhile")
        return flow

    def _opened(self, state: str, carried: str | None) -> Flow:
        if not carried:
            raise FlowFailed(_MISMATCH, reason="no state cookie")
        text = self._unsealed(carried, _COOKIE)
        if text is None:
            raise FlowFailed("state_invalid", reason="the state cookie cannot be opened")
        return self._read(parse_object(text.encode()), state)

    def _sealed(self, text: str, purpose: str) -> str:
        from ostiary.crypto.sealing import purpose_keyring, seal  # noqa: PLC0415  few servers seal anything

        return seal(text, purpose_keyring(self.keyring, purpose), self.runtime)

    def _unsealed(self, sealed: str, purpose: str) -> str | None:
        from ostiary.crypto.sealing import SealError, purpose_keyring, unseal  # noqa: PLC0415  few servers seal anything

        try:
            return unseal(sealed, purpose_keyring(self.keyring, purpose))
        except SealError:
            return None

    def _written(self, flow: Flow, state: str) -> dict[str, JsonValue]:
        members = {
            "callbackURL": flow.callback_url,
            "codeVerifier": flow.code_verifier,
            "errorURL": flow.error_url,
            "newUserURL": flow.new_user_url,
            "link": self._link_written(flow.link),
            "expiresAt": milliseconds(self.runtime.now() + LIFE),
            "requestSignUp": flow.request_sign_up,
            "idTokenNonce": flow.nonce,
            "providerId": flow.provider_id,
            "oauthState": state,
        }
        # a member that this flow leaves out must not come from the client either
        additional = {name: value for name, value in flow.additional.items() if name not in members}
        return {**additional, **{name: value for name, value in members.items() if value is not None}}

    def _link_written(self, link: LinkIntent | None) -> JsonValue:
        if link is None or link.session_token is None:
            return None
        sealed = self._sealed(link.session_token, _SESSION)
        return {"userId": link.user_id, "email": link.email, "encryptedSessionToken": sealed}

    def _read(self, members: Claims, state: str) -> Flow:
        error_url = members.get("errorURL")
        kept_state = members.get("oauthState", "" if self.in_cookie else state)
        if kept_state != state:
            raise FlowFailed(_MISMATCH, reason="the state of another flow", error_url=error_url)
        if members.get("expiresAt", 0) < milliseconds(self.runtime.now()):
            raise FlowFailed(_MISMATCH, reason="begun too long ago", error_url=error_url, is_over=True)
        return Flow(
            provider_id=members.get("providerId"),
            callback_url=members.get("callbackURL", ""),
            code_verifier=members.get("codeVerifier", ""),
            error_url=error_url,
            new_user_url=members.get("newUserURL"),
            request_sign_up=members.get("requestSignUp"),
            nonce=members.get("idTokenNonce"),
            link=self._link_read(members.get("link"), error_url),
        )

    def _link_read(self, link: JsonValue, error_url: str | None) -> LinkIntent | None:
        if link is None:
            return None
        sealed = link.get("encryptedSessionToken")
        token = self._unsealed(sealed, _SESSION) if sealed else None
        if token is None:
            raise FlowFailed(
                "unable_to_link_account", reason="the session cannot be opened", error_url=error_url
            )
        return LinkIntent(user_id=str(link["userId"]), email=link["email"], session_token=token)


def _is_same(presented: str | None, state: str) -> bool:
    return presented is not None and compare_digest(text_to_bytes(presented), text_to_bytes(state))
