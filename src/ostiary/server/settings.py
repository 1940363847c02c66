"""What a standalone server is told by its environment, by `.env` and by `ostiary.toml`, in that order."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from ostiary.auth import Auth
from ostiary.composition.production import require_strong_secrets
from ostiary.crypto.signing import Keyring
from ostiary.domain.errors import ConfigurationError, JsonValue
from ostiary.options import Options, PasswordPolicy
from ostiary.outgoing import Mailer, Smtp
from ostiary.outgoing.networks import is_loopback_name
from ostiary.plugins import Admin, Bearer, Jwt, NewDevice, Plugin, Tokens
from ostiary.server.observers import observers_of
from ostiary.storage.key_value import KeyValue

CONFIG_FILE: Final = "ostiary.toml"
CONFIG_VARIABLE: Final = "OSTIARY_CONFIG"
PREFIX: Final = "OSTIARY_"

Texts = Annotated[tuple[str, ...], NoDecode]
"""A list in the file, comma-separated in the environment."""


class Settings(BaseSettings):
    """What a server is told; in the environment each field is `OSTIARY_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    secret: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OSTIARY_SECRET", "BETTER_AUTH_SECRET", "AUTH_SECRET")
    )
    """Signs cookies and encrypts at rest."""
    secrets: SecretStr | None = Field(
        None, validation_alias=AliasChoices("OSTIARY_SECRETS", "BETTER_AUTH_SECRETS")
    )
    """For rotation, `2:new,1:old`: the first signs, all of them verify."""
    base_url: str | None = Field(None, validation_alias=AliasChoices("OSTIARY_BASE_URL", "BETTER_AUTH_URL"))
    """The public address."""
    trusted_origins: Texts = Field(
        (), validation_alias=AliasChoices("OSTIARY_TRUSTED_ORIGINS", "BETTER_AUTH_TRUSTED_ORIGINS")
    )
    """Origins of front ends."""
    database: str = Field(
        "sqlite:///ostiary.db", repr=False, validation_alias=AliasChoices("OSTIARY_DATABASE", "DATABASE_URL")
    )
    """Where rows are kept."""
    redis: str | None = Field(None, repr=False, validation_alias=AliasChoices("OSTIARY_REDIS", "REDIS_URL"))
    """Where counts, and by choice sessions, are shared."""
    redis_prefix: str = ""
    """What stands before every key; a Node server on the same Redis needs the same."""
    redis_sessions: bool = False
    """Keep sessions in Redis instead of the database, in Better Auth's layout."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(8000, ge=0, le=65535, validation_alias=AliasChoices("OSTIARY_PORT", "PORT"))
    """The port to listen on; 0 takes a free one."""
    workers: int = Field(1, ge=1, le=512, validation_alias=AliasChoices("OSTIARY_WORKERS", "WEB_CONCURRENCY"))
    """How many processes serve."""
    trusted_proxies: Texts = ()
    """Addresses or networks of our own proxies."""
    smtp_url: SecretStr | None = Field(None, validation_alias=AliasChoices("OSTIARY_SMTP_URL", "SMTP_URL"))
    """Where mail is handed over, `smtp+starttls://user:password@mail.example:587`; `smtps://` and `smtp://`
    as well. Without it a server of this machine shows its mail under `/dev/mail`; any other sends none."""
    mail_from: str | None = Field(None, validation_alias=AliasChoices("OSTIARY_MAIL_FROM", "MAIL_FROM"))
    """Who mail is from, `Tasks <accounts@app.example>`; by default `no-reply` at the base URL's host."""
    mail_reply_to: str | None = None
    """Where answers to mail go."""
    mail_templates: Path | None = None
    """A folder of templates that come before our own."""
    password_policy: Literal["strict", "reference"] = "strict"  # noqa: S105  no password
    """`reference` asks for a length; `strict` for four kinds of characters too, and nothing common."""
    set_auth_jwt: bool = False
    """Send a token along with every session that is read, in the header `set-auth-jwt`."""
    cors: bool = True
    """Let pages of the trusted origins call with credentials."""
    cross_site: bool = False
    """Let the cookie of refresh tokens go along from front ends on another site."""
    log_format: Literal["json", "console"] = "console"
    """One JSON object per line, or text for people."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    access_log: bool = False
    """Log every request, without its query and without the token of a mailed link."""
    new_device_mail: bool = False
    """Mail whoever signs in from a browser that never did before; needs a mailer and `reset_page`."""
    reset_page: str = ""
    """Your page that asks for a new password, such as `/reset-password`: the link leads there that is mailed
    to whoever says of such a sign-in that it was not them."""
    metrics_token: SecretStr | None = None
    """Show Prometheus metrics under /metrics to whoever presents this token as a bearer; by default there are
    none. They need the extra `metrics`."""
    tracing: bool = False
    """Trace requests by the process's OpenTelemetry; needs the extra `tracing`."""
    audit: bool = True
    """Record security acts in the audit log."""
    audit_days: int | None = Field(None, ge=1, le=36500)
    """Remove older events from the audit log; by default they are kept until `ostiary audit prune`."""
    housekeeping: bool = True
    """Delete what ended more than a day ago, a batch at a time, in one of all processes, once an hour."""
    migrate: bool = True
    """Add missing tables and columns at start."""
    options: dict[str, JsonValue] = Field(default_factory=dict, repr=False)
    """Everything else, in Better Auth's own option names."""

    @field_validator("trusted_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:  # whatever a source holds; Pydantic judges it afterwards
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment first, then `.env`, then what the file holds."""
        return env_settings, dotenv_settings, init_settings

    @classmethod
    def load(cls, path: Path | None = None) -> "Settings":
        """Read a configuration file (by default OSTIARY_CONFIG, else `ostiary.toml` if there is one).

        Raises ConfigurationError, which never repeats a value.
        """
        path, environment = config_files(path)
        table = _read_table(path) if path else {}
        try:
            return cls(_env_file=environment, **table)  # type: ignore[call-arg]  # the source's own parameter
        except ValidationError as error:
            raise _explained(error) from None
        except SettingsError as error:
            raise ConfigurationError(f"the environment: {error}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{environment} cannot be read: {error}") from None

    def to_options(self) -> Options:
        """Return the options of the auth server; raises ConfigurationError with the cure."""
        options = Options.from_mapping(self._mapping())
        keep = options.audit.keep_for if self.audit_days is None else timedelta(days=self.audit_days)
        return replace(
            options,
            password_policy=self._policy(options.password_policy),
            session=replace(options.session, store_in_key_value=self.redis_sessions),
            cors=self.cors,
            audit=replace(options.audit, enabled=self.audit, keep_for=keep),
            housekeeping=self.housekeeping,
        )

    def _mapping(self) -> dict[str, JsonValue]:
        given = self.options
        mapping = {**given, "emailAndPassword": _over({"enabled": True}, given.get("emailAndPassword", {}))}
        if self.secret is not None:
            mapping["secret"] = self.secret.get_secret_value()
        if self.secrets is not None:
            mapping["secrets"] = _versioned(self.secrets.get_secret_value())
        if self.base_url is not None:
            mapping["baseURL"] = self.base_url
        if self.trusted_origins:
            mapping["trustedOrigins"] = [*given.get("trustedOrigins", ()), *self.trusted_origins]
        if self.trusted_proxies:
            proxies = {"ipAddress": {"trustedProxies": self.trusted_proxies}}
            mapping["advanced"] = _over(given.get("advanced", {}), proxies)
        return mapping

    def _policy(self, policy: PasswordPolicy) -> PasswordPolicy:
        if self.password_policy == "reference":  # noqa: S105  no password
            return policy
        return replace(PasswordPolicy.strict(), min_length=policy.min_length, max_length=policy.max_length)

    def to_key_value(self) -> KeyValue | None:
        """Return the key-value store, if there is to be one; raises ConfigurationError with the cure."""
        if self.redis is None:
            if self.redis_sessions:
                raise ConfigurationError("redis_sessions needs a Redis: set REDIS_URL")
            return None
        from ostiary.storage.redis import RedisKeyValue  # noqa: PLC0415  most servers have no Redis

        try:
            return RedisKeyValue.from_url(self.redis, self.redis_prefix)
        except ValueError:
            raise ConfigurationError(
                "REDIS_URL must look like redis://host:6379/0 or redis+sentinel://host:26379/master/0"
            ) from None

    def to_mailer(self) -> Mailer | None:
        """Return what sends mail, if there is to be something; raises ConfigurationError with the cure."""
        if self.base_url is None:
            if self.smtp_url is not None:
                raise ConfigurationError("SMTP_URL needs a base_url: links in mails are built from it")
            return None
        host = urlsplit(self.base_url).hostname or ""
        if self.smtp_url is None and not is_loopback_name(host):
            return None
        return Mailer(
            sender=self.mail_from or str(Address(self._app_name, "no-reply", host)),
            transport=None if self.smtp_url is None else Smtp.from_url(self.smtp_url.get_secret_value()),
            reply_to=self.mail_reply_to,
            templates=self.mail_templates,
        )

    @property
    def _app_name(self) -> str:
        return str(self.options.get("appName", Options.app_name))

    def to_auth(self) -> Auth:
        """Return the auth server, with roles, bans and tokens; raises ConfigurationError with the cure."""
        jwt = Jwt(disable_setting_jwt_header=not self.set_auth_jwt)
        plugins: list[Plugin] = [Admin(), Bearer(), jwt, Tokens(cross_site=self.cross_site)]
        if self.new_device_mail:
            if not self.reset_page:
                raise ConfigurationError("new_device_mail needs reset_page: your page for a new password")
            plugins.append(NewDevice(reset_page=self.reset_page))
        options = self.to_options()
        if options.base_url is None and not is_loopback_name(self.host):
            require_strong_secrets(options)  # whatever its address is, others can reach it
        return Auth(
            options,
            self.database,
            plugins=plugins,
            key_value=self.to_key_value(),
            mailer=self.to_mailer(),
            observers=observers_of(metrics=self.metrics_token is not None, tracing=self.tracing),
        )


def variable_of(field: str) -> str:
    """Return the environment variable of a setting, by the name that other software has for it as well."""
    alias = Settings.model_fields[field].validation_alias
    if not isinstance(alias, AliasChoices):
        return f"{PREFIX}{field.upper()}"
    return next(name for name in map(str, alias.choices) if not name.startswith(PREFIX))


def config_files(path: Path | None = None) -> tuple[Path | None, Path]:
    """Return the configuration file, if there is one, and the place of `.env`, which is beside it."""
    if path is None and (named := os.environ.get(CONFIG_VARIABLE)):
        path = Path(named)
    if path is None and Path(CONFIG_FILE).is_file():
        path = Path(CONFIG_FILE)
    return path, (path.parent if path else Path()) / ".env"


def _read_table(path: Path) -> dict[str, Any]:  # a TOML document; Pydantic judges the values
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from None
    for name in table:
        if name not in Settings.model_fields:
            near = get_close_matches(name, Settings.model_fields, n=1)
            cure = f"did you mean '{near[0]}'?" if near else "Better Auth's options go below [options]"
            raise ConfigurationError(f"{path}: '{name}' is not known here; {cure}")
    if isinstance(table.get("database"), str):
        table["database"] = _beside(path, table["database"])
    if isinstance(table.get("mail_templates"), str):
        table["mail_templates"] = path.parent.absolute() / table["mail_templates"]
    return table


def _beside(path: Path, url: str) -> str:
    """Make a relative SQLite file one beside the configuration, wherever the command was started."""
    scheme, slashes, name = url.partition(":///")
    if not scheme.startswith("sqlite") or not slashes or not name or name.startswith(("/", ":memory:")):
        return url
    return f"{scheme}{slashes}{path.parent.absolute() / name}"


def _explained(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0])
    return ConfigurationError(f"the setting '{name.lower()}': {first['msg']}")


def _versioned(text: str) -> list[JsonValue]:
    return [{"version": each.version, "value": each.value} for each in Keyring.parse(text).secrets]


def _over(below: JsonValue, above: JsonValue) -> JsonValue:
    """Merge two tables; whatever is no table replaces the other."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{name: _over(below.get(name, {}), value) for name, value in above.items()}}
