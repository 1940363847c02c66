"""Ostiary in the place of the reference server: any number of configurations, each on a port of its own.

One JSON object per line on standard input asks for something, one per line on standard output answers, as
`reference.mjs` says. The end of the input ends the process.
"""

import asyncio
import json
import socket
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import parse_qs

import uvicorn

from ostiary import Auth, Options, User
from ostiary.domain.errors import JsonValue
from ostiary.http.asgi import Receive, Scope, Send, send_response
from ostiary.http.messages import Response
from ostiary.options.social_mapping import as_generic_oauth
from ostiary.plugins import Admin, Bearer, Jwt, KeyOptions, Plugin
from ostiary.storage.redis import RedisKeyValue


def _jwt(given: Mapping[str, JsonValue]) -> Plugin:
    """Read the options of the reference's jwt plugin that scenarios use."""
    jwks, jwt = given.get("jwks", {}), given.get("jwt", {})
    pair, rotation = jwks.get("keyPairConfig", {}), jwks.get("rotationInterval")
    options: dict[str, JsonValue] = {
        "issuer": jwt.get("issuer"),
        "audience": jwt.get("audience"),
        "jwks_path": jwks.get("jwksPath", "/jwks"),
        "disable_setting_jwt_header": given.get("disableSettingJwtHeader", False),
    }
    keys = KeyOptions(
        algorithm=pair.get("alg", "EdDSA"),
        encrypt_private_keys=not jwks.get("disablePrivateKeyEncryption", False),
        rotation_interval=None if rotation is None else timedelta(seconds=rotation),
    )
    return Jwt(keys=keys, **options)


def _with_providers(options: Options, plugins: Mapping[str, JsonValue]) -> Options:
    described = plugins.get("genericOAuth", {}).get("config", [])
    generic = (as_generic_oauth(each, "genericOAuth.config") for each in described)
    return replace(options, social_providers=(*options.social_providers, *generic))


PLUGINS: Mapping[str, Callable[[Mapping[str, JsonValue]], Plugin]] = {
    "admin": lambda _: Admin(),
    # the reference takes a bare session token unless told otherwise
    "bearer": lambda given: Bearer(allow_unsigned=not given.get("requireSignature", False)),
    "jwt": _jwt,
}


@dataclass(frozen=True)
class Recorder:
    """An application whose callbacks write down what they were called with, as `reference.mjs` says."""

    calls: list[dict[str, JsonValue]] = field(default_factory=list)

    def replaced(self, value: JsonValue, name: str = "") -> JsonValue:
        """Put functions in the place of "recorded" and "failing"."""
        if value in ("recorded", "failing"):
            return self._function(name, fails=value == "failing")
        if isinstance(value, Mapping):
            return {key: self.replaced(inner, key) for key, inner in value.items()}
        return value

    def _function(self, name: str, *, fails: bool) -> Callable[[object], Awaitable[None]]:
        async def record(argument: object) -> None:
            """Write the call down."""
            user = argument if isinstance(argument, User) else getattr(argument, "user", None)
            assert isinstance(user, User)
            person = {"name": user.name, "email": user.email, "emailVerified": user.email_verified}
            others = {
                "newEmail": getattr(argument, "new_email", None),
                "url": getattr(argument, "url", None),
                "token": getattr(argument, "token", None),
            }
            given = {key: value for key, value in others.items() if value is not None}
            self.calls.append({"call": name, "user": person, **given})
            if fails:
                raise RuntimeError("no mail leaves this server")

        return record

    def take(self, text: str) -> list[dict[str, JsonValue]]:
        """Return the calls that mention a text, and forget them."""
        taken = [call for call in self.calls if text in json.dumps(call)]
        self.calls[:] = [call for call in self.calls if call not in taken]
        return taken

    def around(self, auth: Auth) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """Return the server with the route that takes the calls."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            """Wait for what is under way before the calls are counted."""
            if scope.get("path") != "/-/calls":
                return await auth(scope, receive, send)
            await auth.services.background.drain()
            [text] = parse_qs(scope["query_string"].decode())["of"]
            body = json.dumps(self.take(text)).encode()
            return await send_response(Response(200, [("content-type", "application/json")], body), send)

        return application


@dataclass(frozen=True)
class Running:
    """One configuration that is being served."""

    server: uvicorn.Server
    task: "asyncio.Task[None]"

    async def stop(self) -> None:
        """Let it end, with its connections."""
        self.server.should_exit = True
        await self.task


async def start(
    options: Mapping[str, JsonValue], database: str | None, redis: str | None
) -> tuple[Running, int]:
    """Serve a Better Auth configuration with the reference's defaults; return it with its port."""
    key_value = RedisKeyValue.from_url(redis) if redis else None
    chosen = {name: value for name, value in options.items() if name != "plugins"}
    recorder = Recorder()
    auth = Auth(
        _with_providers(
            Options.from_mapping(recorder.replaced(chosen)).with_reference_defaults(),
            options.get("plugins", {}),
        ),
        database,
        key_value=key_value,
        plugins=[
            PLUGINS[name](given) for name, given in options.get("plugins", {}).items() if name in PLUGINS
        ],
    )
    await auth.migrate()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        recorder.around(auth), log_config=None, lifespan="on", server_header=False, date_header=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started and not task.done():  # noqa: ASYNC110  it announces its start by nothing else
        await asyncio.sleep(0.005)
    return Running(server, task), int(listener.getsockname()[1])


async def main() -> None:
    """Start and stop configurations as asked until the input ends."""
    running: dict[str, Running] = {}
    answer({"ready": True})
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            if "start" in request:
                name = request["start"]
                running[name], port = await start(request["options"], request["database"], request["redis"])
                answer({"started": name, "port": port})
            else:
                if request["stop"] in running:
                    await running.pop(request["stop"]).stop()
                answer({"stopped": request["stop"]})
        except Exception:  # noqa: BLE001  whatever it is, the test that asked has to show it
            answer({"error": traceback.format_exc()})
    await asyncio.gather(*(each.stop() for each in running.values()))


def answer(message: Mapping[str, JsonValue]) -> None:
    """Write one line to whoever asked."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
