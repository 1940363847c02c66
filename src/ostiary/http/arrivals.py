"""What somebody gets who came by a provider: a session, or first the mail that proves the address."""

from ostiary.domain.entities import Session
from ostiary.http.context import Context
from ostiary.http.events import log_arrival
from ostiary.services.oauth.linking import Arrival, Resolved


async def sign_in(
    context: Context, arrival: Arrival, *, request_sign_up: bool, callback_url: str | None
) -> tuple[Resolved, Session]:
    """Find or make the user of an account and start a session.

    Raises FlowFailed, EMAIL_NOT_VERIFIED where the provider's people need a proved address, and the refusals
    of hooks.
    """
    resolved = await context.social.linking.resolve(arrival, request_sign_up=request_sign_up)
    await context.email_verification.require_after_arrival(
        resolved.user,
        context.asker,
        callback_url,
        requires=arrival.provider.settings.require_email_verification,
        is_new=resolved.is_new,
    )
    context.carry_account(resolved.account)
    session = await context.start_session(resolved.user, resolved.account)
    log_arrival(context, resolved)
    return resolved, session
