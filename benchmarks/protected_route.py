"""The same FastAPI route without any protection, and behind each of the dependencies under comparison."""

import json
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.request import urlopen

from fastapi import Depends, FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey
from starlette.requests import HTTPConnection

from benchmarks.configured import Configuration, auth_of
from ostiary import Auth, JwksIssuer, SharedSecretIssuer, Verifier
from ostiary.integrations.fastapi import CurrentUser

PATH = "/me"
SOMEBODY = "x" * 32


def hosting(auth: Auth) -> FastAPI:
    """Return an application that hosts the auth server."""
    app = FastAPI()
    auth.install(app)
    return app


def _route(_: Configuration) -> FastAPI:
    app = FastAPI()

    @app.get(PATH)
    async def me() -> dict[str, str]:
        return {"id": SOMEBODY}

    return app


def _empty_dependency(_: Configuration) -> FastAPI:
    app = FastAPI()

    async def somebody(connection: HTTPConnection) -> str:
        return SOMEBODY

    @app.get(PATH)
    async def me(user: Annotated[str, Depends(somebody)]) -> dict[str, str]:
        return {"id": user}

    return app


def _joserfc(setting: Configuration) -> FastAPI:
    """What a person writes who knows the library: it proves the signature and four claims, and no more."""
    app, trust = FastAPI(), setting["trust"]
    if trust["secret"]:
        key, algorithm = OctKey.import_key(trust["secret"]), "HS256"
    else:
        with urlopen(trust["jwks"]) as answer:
            key, algorithm = KeySet.import_key_set(json.load(answer)), "EdDSA"
    name = {"essential": True, "value": trust["issuer"]}
    there = {"essential": True}
    rules = jwt.JWTClaimsRegistry(leeway=30, iss=name, aud=name, sub=there, exp=there)

    async def subject(connection: HTTPConnection) -> str:
        token = connection.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        rules.validate(claims)
        return str(claims["sub"])

    @app.get(PATH)
    async def me(user: Annotated[str, Depends(subject)]) -> dict[str, str]:
        return {"id": user}

    return app


def _verifier(setting: Configuration) -> FastAPI:
    trust = setting["trust"]
    names = {"issuer": trust["issuer"], "audience": trust["issuer"]}
    issuer: JwksIssuer | SharedSecretIssuer
    if trust["secret"]:
        issuer = SharedSecretIssuer(**names, secret=trust["secret"])
    else:
        issuer = JwksIssuer(**names, jwks_url=trust["jwks"])
    app = FastAPI()
    Verifier(issuer).install(app)
    return _protected(app)


def _hosted_route(setting: Configuration) -> FastAPI:
    return _protected(hosting(auth_of(setting["options"], setting["database"])))


def _protected(app: FastAPI) -> FastAPI:
    @app.get(PATH)
    async def me(user: CurrentUser) -> dict[str, str]:
        return {"id": user.id}

    return app


APPLICATIONS: Mapping[str, Callable[[Configuration], FastAPI]] = {
    "route": _route,
    "empty_dependency": _empty_dependency,
    "joserfc": _joserfc,
    "verifier": _verifier,
    "hosted_route": _hosted_route,
}
