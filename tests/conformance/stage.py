"""One configuration, running on every server under comparison, and the scenarios that are played on it."""

import json
import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.conformance import databases
from tests.conformance.client import Client, Target
from tests.conformance.differences import AGAIN
from tests.conformance.normalise import Json
from tests.conformance.servers import COMMANDS, ServerFailedError, ServerProcess
from tests.conformance.transcript import BROKEN_OFF, Exchange, Transcript

SECRET = "conformance-secret-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BASE_URL = "http://app.example.test"
SHAPING = frozenset(
    {"modelName", "fields", "additionalFields", "storeSessionInDatabase", "storeInDatabase", "database"}
)


@dataclass(frozen=True)
class Configuration:
    """A Better Auth configuration in its own names, as both kinds of server read it."""

    name: str
    options: Mapping[str, Json]
    redis: bool = False
    host: str = ""
    stateless: bool = False
    """Without a database: the cookie is the session."""

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
    def tables(self) -> str:
        """What decides how the tables look: configurations that agree here share a database."""
        chosen = {
            section: {key: value for key, value in options.items() if key in SHAPING}
            for section, options in self.options.items()
            if isinstance(options, dict)
        }
        limits = self.options.get("rateLimit")
        rows = isinstance(limits, dict) and limits.get("storage") == "database"
        # the keys of a jwt plugin are made as it is configured, so they are its own
        plugins = self.options.get("plugins", {})
        return json.dumps(
            [self.redis, rows, plugins, {name: keys for name, keys in sorted(chosen.items()) if keys}]
        )

    @property
    def secret(self) -> str:
        """The secret that signs."""
        versions = self.options.get("secrets")
        if isinstance(versions, list) and isinstance(versions[0], dict):
            return str(versions[0]["value"])
        return str(self.options["secret"])


def configuration(
    name: str, *, redis: bool = False, host: str = "", stateless: bool = False, **options: Json
) -> Configuration:
    """Return a configuration: these options over a plain server with passwords on and rate limits off."""
    plain: dict[str, Json] = {
        "secret": SECRET,
        "baseURL": BASE_URL,
        "emailAndPassword": {"enabled": True},
        "rateLimit": {"enabled": False},
    }
    chosen = {key: value for key, value in {**plain, **options}.items() if value is not None}
    return Configuration(name, chosen, redis, host, stateless)


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
    targets: Mapping[str, Target | ServerFailedError]
    played: dict[str, Mapping[str, Transcript]] = field(default_factory=dict)

    def play(self, scenario: Scenario) -> Mapping[str, Transcript]:
        """Play a scenario on every server at once, the first time; return the transcripts."""
        if scenario.name not in self.played:
            with ThreadPoolExecutor(len(self.targets)) as pool:
                runs = {name: pool.submit(record, scenario, name, it) for name, it in self.targets.items()}
                self.played[scenario.name] = {name: run.result() for name, run in runs.items()}
        return self.played[scenario.name]


def record(scenario: Scenario, server: str, target: Target | ServerFailedError) -> Transcript:
    """Play a scenario on one server; a step that cannot be played is part of the transcript."""
    transcript = Transcript(scenario.name, server)
    try:
        scenario.play(Client(_running(target), transcript))
    except Exception as error:  # noqa: BLE001  whatever went wrong is shown beside the other server's run
        trace = traceback.format_exc()
        transcript.exchanges.append(Exchange(BROKEN_OFF, "", {"error": repr(error)}, trace))
    return transcript


def _running(target: Target | ServerFailedError) -> Target:
    if isinstance(target, ServerFailedError):
        raise target
    return target


@dataclass
class Theatre:
    """The servers under comparison with their databases, for as long as the tests run."""

    servers: Mapping[str, ServerProcess]
    redis: Mapping[str, str]
    databases: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    @contextmanager
    def stage(self, chosen: Configuration) -> Iterator[Stage]:
        """Run a configuration on every server for as long as the block lasts."""

        def start(server: str) -> Target | ServerFailedError:
            database = None if chosen.stateless else self._database(server, chosen)
            store = self.redis[server] if chosen.redis else None
            try:
                port = self.servers[server].start(chosen.name, dict(chosen.options), database, store)
            except ServerFailedError as failure:
                return failure
            return chosen.target(server, port, database or "", store)

        with ThreadPoolExecutor(len(self.servers)) as pool:
            try:
                yield Stage(chosen, dict(zip(self.servers, pool.map(start, self.servers), strict=True)))
            finally:
                for server in self.servers.values():
                    server.stop(chosen.name)

    @contextmanager
    def shared(self, chosen: Configuration, servers: list[str]) -> Iterator[list[int]]:
        """Run a configuration on several servers with one database, made by the first; yield their ports."""
        database = self._database("shared", chosen)
        store = self.redis["shared"] if chosen.redis else None
        options = dict(chosen.options)
        try:
            yield [self.servers[server].start(chosen.name, options, database, store) for server in servers]
        finally:
            for server in servers:
                self.servers[server].stop(chosen.name)

    def _database(self, server: str, chosen: Configuration) -> str:
        key = (server, chosen.tables)
        if key not in self.databases:
            name = f"conformance_{secrets.token_hex(6)}"
            self.databases[key] = (name, databases.create(name))
        return self.databases[key][1]

    def close(self) -> None:
        """End the servers and drop what was made."""
        for server in self.servers.values():
            server.close()
        for name, _ in self.databases.values():
            databases.drop(name)


@contextmanager
def theatre(names: list[str]) -> Iterator[Theatre]:
    """Start the named servers; a name may come twice, to compare a server with itself."""
    with ExitStack() as stack:
        servers: dict[str, ServerProcess] = {}
        places = [*_unique(names), "shared"]
        redis = stack.enter_context(databases.redis_databases(len(places)))
        house = Theatre(servers, dict(zip(places, redis, strict=True)))
        stack.callback(house.close)
        for unique, name in zip(_unique(names), names, strict=True):
            servers[unique] = ServerProcess(COMMANDS[name])
        yield house


def _unique(names: list[str]) -> list[str]:
    return [name if name not in names[:number] else f"{name}{AGAIN}" for number, name in enumerate(names)]
