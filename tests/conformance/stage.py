"""One configuration, running on every server under comparison, and the scenarios that are played on it."""

import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.conformance import databases
from tests.conformance.client import Client, Target
from tests.conformance.normalise import Json
from tests.conformance.servers import ServerProcess
from tests.conformance.transcript import Exchange, Transcript

SECRET = "conformance-secret-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE_URL = "http://app.example.test"


@dataclass(frozen=True)
class Configuration:
    """A Better Auth configuration in its own names, as both kinds of server read it."""

    name: str
    options: Mapping[str, Json]
    redis: bool = False
    host: str = ""

    def target(self, server: str, port: int, database: str, redis: str | None) -> Target:
        """Describe a server that runs this configuration."""
        base = self.options.get("baseURL")
        url = urlsplit(base if isinstance(base, str) else BASE_URL)
        path = self.options.get("basePath", "/api/auth")
        assert isinstance(path, str)
        return Target(
            name=server,
            port=port,
            host=self.host or url.netloc,
            origin=f"{url.scheme}://{self.host or url.netloc}",
            base_path=(url.path if url.path not in {"", "/"} else path).rstrip("/"),
            secret=self.secret,
            database=database,
            redis=redis,
        )

    @property
    def secret(self) -> str:
        """The secret that signs."""
        versions = self.options.get("secrets")
        if isinstance(versions, list) and isinstance(versions[0], dict):
            return str(versions[0]["value"])
        return str(self.options["secret"])


def configuration(name: str, *, redis: bool = False, host: str = "", **options: Json) -> Configuration:
    """Return a configuration: these options over a plain server with passwords on and rate limits off."""
    plain: dict[str, Json] = {
        "secret": SECRET,
        "baseURL": BASE_URL,
        "emailAndPassword": {"enabled": True},
        "rateLimit": {"enabled": False},
    }
    chosen = {key: value for key, value in {**plain, **options}.items() if value is not None}
    return Configuration(name, chosen, redis, host)


@dataclass(frozen=True)
class Scenario:
    """A story told to a server step by step."""

    play: Callable[[Client], None]
    configuration: Configuration

    @property
    def name(self) -> str:
        """The configuration's name and the function's."""
        return f"{self.configuration.name}/{self.play.__name__}"


@dataclass
class Stage:
    """A configuration that runs on every server, each on its own empty database."""

    configuration: Configuration
    targets: Mapping[str, Target]
    played: dict[str, Mapping[str, Transcript]] = field(default_factory=dict)

    def play(self, scenario: Scenario) -> Mapping[str, Transcript]:
        """Play a scenario on every server at once, the first time; return the transcripts."""
        if scenario.name not in self.played:
            with ThreadPoolExecutor(len(self.targets)) as pool:
                runs = {
                    name: pool.submit(record, scenario, target) for name, target in self.targets.items()
                }
                self.played[scenario.name] = {name: run.result() for name, run in runs.items()}
        return self.played[scenario.name]


def record(scenario: Scenario, target: Target) -> Transcript:
    """Play a scenario on one server; a step that cannot be played is part of the transcript."""
    transcript = Transcript(scenario.name, target.name)
    try:
        scenario.play(Client(target, transcript))
    except Exception as error:  # noqa: BLE001  whatever went wrong is shown beside the other server's run
        trace = traceback.format_exc()
        transcript.exchanges.append(Exchange("broken off", "", {"error": repr(error)}, trace))
    return transcript


@contextmanager
def stage(servers: Mapping[str, ServerProcess], chosen: Configuration, redis: list[str]) -> Iterator[Stage]:
    """Run a configuration on every server for as long as the block lasts."""
    mark = secrets.token_hex(3)
    names = {server: f"conformance_{mark}_{number}" for number, server in enumerate(servers)}
    stores = dict(zip(servers, redis, strict=False)) if chosen.redis else {}

    def start(server: str) -> Target:
        database = databases.create(names[server])
        store = stores.get(server)
        port = servers[server].start(chosen.name, dict(chosen.options), database, store)
        return chosen.target(server, port, database, store)

    with ThreadPoolExecutor(len(servers)) as pool:
        try:
            yield Stage(chosen, dict(zip(servers, pool.map(start, servers), strict=True)))
        finally:
            for server in servers:
                servers[server].stop(chosen.name)
            list(pool.map(databases.drop, names.values()))
