"""S88: acts of plugins and of background parts are recorded like those of the core."""

from datetime import timedelta

from ostiary import AuditOptions
from ostiary.domain.audit import AUDIT_EVENT, AuditEvent
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Jwt, Tokens
from ostiary.services.signing_keys import SigningKeys
from tests.builders import PASSWORD, Browser, some_auth, some_options


async def test_a_reused_refresh_token_and_a_rotation_of_keys_leave_their_records(
    clock: FrozenRuntime,
) -> None:
    """S38, S88: with whose session it was, and which key signs from then on."""
    options = some_options(audit=AuditOptions(enabled=True, link_after=timedelta(0)))
    auth = some_auth(options, clock, plugins=[Jwt(), Tokens()])
    async with Browser(auth, origin=None) as client:
        user_id = (await client.sign_up())["user"]["id"]
        client.cookies.clear()
        body = {"email": "ada@example.com", "password": PASSWORD}
        pair = (await client.post("/login", json=body)).json()
        first = next(value for name, value in pair.items() if "refresh" in name.lower())
        for _ in range(2):
            await client.post("/refresh", json={"refresh_token": first, "refreshToken": first})
            clock.advance(hours=1)
    signing = auth.services.signing
    assert signing is not None
    assert isinstance(signing.signer, SigningKeys)
    made = await signing.signer.rotate()
    rows = await auth.services.store.rows(AUDIT_EVENT).all(limit=100)
    by_kind: dict[str, AuditEvent] = {event.kind: event for event in rows}
    reused = by_kind["refresh_token_reused"]
    assert (reused.user_id, reused.reason) == (user_id, "refresh_token_reused")
    assert reused.session is not None
    assert by_kind["keys_rotated"].detail == made
    await auth.close()
