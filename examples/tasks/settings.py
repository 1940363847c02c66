"""What the environment decides."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import make_url

from ostiary import GenericOAuth, GitHub, Google, Mailer, Smtp
from ostiary.domain.runtime import SystemRuntime
from ostiary.options import SocialProvider

VITE: Final = ("http://127.0.0.1:5173", "http://localhost:5173")
"""Where `frontend/examples/token-mode` is served."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this application runs."""

    database_url: str = field(repr=False)
    secret: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str
    trusted_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...] = ()
    cross_site: bool = False
    require_verification: bool = False
    social_providers: tuple[SocialProvider, ...] = ()
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read HOST, PORT, DATABASE_URL, BETTER_AUTH_ with SECRET, URL, TRUSTED_ORIGINS, mail, providers."""
        port = int(environment.get("PORT") or 8000)
        database_url = environment.get("DATABASE_URL") or "sqlite:///ostiary.db"
        own = tuple(f"http://{host}:{port}" for host in ("127.0.0.1", "localhost"))
        return cls(
            database_url=database_url,
            secret=environment.get("BETTER_AUTH_SECRET") or kept_secret(secret_file(database_url)),
            host=environment.get("HOST") or "127.0.0.1",
            port=port,
            base_url=environment.get("BETTER_AUTH_URL") or own[0],
            trusted_origins=(
                *own,
                "http://localhost:3000",
                *VITE,
                *_listed(environment, "BETTER_AUTH_TRUSTED_ORIGINS"),
            ),
            trusted_proxies=_listed(environment, "OSTIARY_TRUSTED_PROXIES"),
            cross_site=environment.get("OSTIARY_CROSS_SITE") == "1",
            require_verification=environment.get("OSTIARY_REQUIRE_VERIFICATION") == "1",
            social_providers=tuple(_providers(environment)),
            smtp_url=environment.get("SMTP_URL") or None,
            mail_from=environment.get("MAIL_FROM") or None,
        )

    @property
    def mailer(self) -> Mailer | None:
        """What sends mail: an SMTP server, or on this machine the page /dev/mail."""
        host = urlsplit(self.base_url).hostname or ""
        if self.smtp_url is None and host not in {"127.0.0.1", "localhost"}:
            return None
        transport = None if self.smtp_url is None else Smtp.from_url(self.smtp_url)
        return Mailer(sender=self.mail_from or f"Tasks <no-reply@{host}>", transport=transport)


def _listed(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = environment.get(name, "").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def _providers(environment: Mapping[str, str]) -> Iterator[SocialProvider]:
    """Yield those that gave us an id: GOOGLE_, GITHUB_ or OIDC_ with CLIENT_ID and CLIENT_SECRET."""
    if google := environment.get("GOOGLE_CLIENT_ID"):
        yield Google(client_id=google, client_secret=environment.get("GOOGLE_CLIENT_SECRET"))
    if github := environment.get("GITHUB_CLIENT_ID"):
        yield GitHub(client_id=github, client_secret=environment.get("GITHUB_CLIENT_SECRET"))
    if oidc := environment.get("OIDC_CLIENT_ID"):
        yield GenericOAuth(
            provider_id="oidc",
            client_id=oidc,
            client_secret=environment.get("OIDC_CLIENT_SECRET"),
            discovery_url=environment.get("OIDC_DISCOVERY_URL"),
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
