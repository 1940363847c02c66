"""fastapi-better-auth-bridge, which believes the tokens of a Better Auth server."""

from typing import Annotated

import httpx
from fastapi import Depends, FastAPI
from fastapi_better_auth import BetterAuth, HttpxTransport, JwtVerifier, Session, User

from benchmarks.serving import Application, Setting, run


class Published(httpx.AsyncHTTPTransport):
    """Asks for the key set where it is published in this run: the issuer has the name of another port."""

    def __init__(self, jwks_url: str) -> None:
        """Lead there."""
        super().__init__()
        self._port = httpx.URL(jwks_url).port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request there."""
        request.url = request.url.copy_with(port=self._port)
        return await super().handle_async_request(request)


async def build(setting: Setting) -> Application:
    """Return an application with one protected route."""
    trust, app = setting["trust"], FastAPI()
    client = httpx.AsyncClient(transport=Published(trust["jwks"]))
    verifier = JwtVerifier(base_url=trust["issuer"], transport=HttpxTransport(client=client))
    current = BetterAuth(verifiers=[verifier]).current_session()

    @app.get("/me")
    async def me(session: Annotated[Session[User], Depends(current)]) -> dict[str, str]:
        return {"id": session.user.id}

    return app


if __name__ == "__main__":
    run(build)
