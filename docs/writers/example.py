"""The auth server that the pages describe: every part of it that has a route is switched on."""

from functools import cache

from ostiary import AuditOptions, Auth, DeleteUser, EmailAndPassword, Mailer, Options, UserOptions
from ostiary.http.openapi import Operation, operations_of
from ostiary.plugins import Admin, Bearer, Jwt, NewDevice, Plugin, SafeLinks, Tokens


def plugins() -> list[Plugin]:
    """Return one of each plugin."""
    tokens = Tokens(services={"tasks": f"sha256:{'0' * 64}"})
    return [Admin(), Bearer(), Jwt(), NewDevice(reset_page="/reset-password"), SafeLinks(), tokens]


@cache
def server() -> Auth:
    """Return the server; it connects to nothing."""
    options = Options(
        secret="only-for-the-pages-of-the-reference",  # noqa: S106  it signs nothing
        base_url="http://localhost:8000",
        email_and_password=EmailAndPassword(enabled=True),
        user=UserOptions(delete_user=DeleteUser(enabled=True)),
        audit=AuditOptions(enabled=True),
    )
    mailer = Mailer(sender="accounts@app.example")
    return Auth(options, database="sqlite://", plugins=plugins(), mailer=mailer)


@cache
def operations() -> tuple[Operation, ...]:
    """Return every method of every routed endpoint, as the OpenAPI document shows it."""
    auth = server()
    return tuple(operations_of(auth.pipeline.by_name.values(), auth.schema, limited=True))
