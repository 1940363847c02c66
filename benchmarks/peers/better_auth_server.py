"""better-auth-server, which ports Better Auth to Python."""

from better_auth import BetterAuth, EmailAndPassword, RateLimit
from better_auth.adapters.sqlalchemy import SQLAlchemyAdapter
from better_auth.integrations.fastapi import BetterAuthFastAPI
from fastapi import FastAPI

from benchmarks.peers.databases import engine_of
from benchmarks.serving import Application, Setting, run


async def build(setting: Setting) -> Application:
    """Return an application with its endpoints."""
    options, adapter = setting["options"], SQLAlchemyAdapter(engine_of(setting))
    auth = BetterAuth(
        secret=options["secret"],
        base_url=options["baseURL"],
        adapter=adapter,
        email_and_password=EmailAndPassword(enabled=True),
        rate_limit=RateLimit(enabled=False),
    )
    if setting["migrate"]:
        await adapter.create_tables()
    app = FastAPI()
    app.include_router(BetterAuthFastAPI(auth).router)
    return app


if __name__ == "__main__":
    run(build)
