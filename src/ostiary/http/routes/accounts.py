"""List and drop the accounts of the signed-in user."""

from pydantic import Field

from ostiary.domain.entities import Account
from ostiary.domain.errors import Errors
from ostiary.http.context import Context
from ostiary.http.endpoint import CurrentSession, FreshSession, Routes
from ostiary.http.events import log_event
from ostiary.http.wire import PlainText, Status, WireModel

routes = Routes()


class UnlinkAccount(WireModel):
    """Which account to drop."""

    account_id: PlainText = Field(description="The `id` of the account, as `/list-accounts` shows it")


@routes.get("/list-accounts", raises=[Errors.UNAUTHORIZED])
async def list_accounts(session: CurrentSession, context: Context) -> list[Account]:
    """List the accounts of the signed-in user: the password's and those of providers."""
    return list(await context.accounts.of_user(session.user.id))


@routes.post(
    "/unlink-account",
    raises=[
        Errors.UNAUTHORIZED,
        Errors.SESSION_NOT_FRESH,
        Errors.FAILED_TO_UNLINK_LAST_ACCOUNT,
        Errors.ACCOUNT_NOT_FOUND,
    ],
)
async def unlink_account(body: UnlinkAccount, session: FreshSession, context: Context) -> Status:
    """Drop an account of the signed-in user."""
    await context.accounts.unlink(session.user.id, body.account_id)
    log_event(context, "account_unlinked")
    return Status(status=True)
