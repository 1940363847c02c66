"""Audit logs with events in them."""

from ostiary import AuditOptions, ChangeEmail, DeleteUser, UserOptions
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin
from ostiary.services.audit_chain import AuditChain, Head
from ostiary.storage.store import Store
from tests.builders import some_auth, some_options

OPTIONS = some_options(
    audit=AuditOptions(enabled=True),
    user=UserOptions(
        delete_user=DeleteUser(enabled=True),
        change_email=ChangeEmail(enabled=True, update_email_without_verification=True),
    ),
)


async def chained(store: Store, clock: FrozenRuntime, number: int) -> tuple[AuditChain, Head]:
    auth = some_auth(OPTIONS, clock, store, plugins=[Admin()])
    for each in range(number):
        clock.advance(seconds=1)
        await auth.services.audit.refused("sign_in_refused", f"user{each}", "wrong password")  # type: ignore[arg-type]
    auth.services.audit.linker.hurry()
    await auth.services.background.drain()
    chain = AuditChain(store)
    await chain.link()
    return chain, (await chain.verify()).head
