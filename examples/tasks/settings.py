"""What the environment decides."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from ostiary.domain.runtime import SystemRuntime


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this application runs."""

    database_url: str = field(repr=False)
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str
    trusted_origins: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read HOST, PORT, DATABASE_URL, and BETTER_AUTH_ with SECRET, URL or TRUSTED_ORIGINS."""
        port = int(environment.get("PORT") or 8000)
        database_url = environment.get("DATABASE_URL") or "sqlite:///ostiary.db"
        own = tuple(f"http://{host}:{port}" for host in ("127.0.0.1", "localhost"))
        more = environment.get("BETTER_AUTH_TRUSTED_ORIGINS", "").split(",")
        return cls(
            database_url=database_url,
            secret=environment.get("BETTER_AUTH_SECRET") or kept_secret(secret_file(database_url)),
            host=environment.get("HOST") or "127.0.0.1",
            port=port,
            base_url=environment.get("BETTER_AUTH_URL") or own[0],
            trusted_origins=(*own, "http://localhost:3000", *(o.strip() for o in more if o.strip())),
        )


def secret_file(database_url: str) -> Path:
    """Return where the secret of a database is kept: beside it, else in the working directory."""
    url = make_url(database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in {None, "", ":memory:"}
    return Path(f"{url.database}.secret") if is_file else Path(".ostiary-secret")


def kept_secret(path: Path) -> str:
    """Return the secret in a file that only its owner may read, made where there is none.

    A secret of its own for every process would sign everybody out at each restart.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    secret = SystemRuntime().new_token(64)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secret}\n")
    return secret
