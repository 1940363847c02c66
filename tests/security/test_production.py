"""S89: what is good enough for a developer's machine does not start in production."""

from pathlib import Path

import pytest
from fastapi import FastAPI

from ostiary import Auth, ConfigurationError, Options, VersionedSecret
from ostiary.options.options import REFERENCE_DEFAULT_SECRET
from ostiary.server.settings import Settings
from tests.builders import SECRET, some_auth, some_options

SHORT = "only-31-characters-are-too-few!"
ADDRESSES = {
    "https://app.example": True,
    "http://app.example": True,
    "https://192.0.2.7": True,
    "http://10.0.0.7:8000": True,
    "https://localhost.app.example": True,
    "http://localhost:8000": False,
    "http://auth.localhost": False,
    "http://127.0.0.1:8000": False,
    "http://[::1]:8000": False,
}
"""Base URLs, and whether others than the developer reach them."""


@pytest.mark.parametrize("base_url", [*ADDRESSES, None])
@pytest.mark.parametrize("secret", [None, "", REFERENCE_DEFAULT_SECRET])
def test_no_secret_an_empty_one_and_a_public_one_start_nowhere(
    secret: str | None, base_url: str | None
) -> None:
    with pytest.raises(ConfigurationError, match="ostiary secret"):
        Options(secret=secret, base_url=base_url)
    with pytest.raises(ConfigurationError, match="ostiary secret"):
        Options(secrets=(VersionedSecret(version=1, value=secret or ""),), base_url=base_url)


@pytest.mark.parametrize(("base_url", "is_public"), ADDRESSES.items())
def test_a_short_secret_starts_on_a_developers_machine_alone(base_url: str, is_public: bool) -> None:
    assert len(SHORT) == 31
    for given in ({"secret": SHORT}, {"secrets": (VersionedSecret(version=1, value=SHORT),)}):
        if is_public:
            with pytest.raises(ConfigurationError, match="shorter than 32"):
                Auth(Options(**given, base_url=base_url), "sqlite://")
        else:
            Auth(Options(**given, base_url=base_url), "sqlite://")
    Auth(Options(secret=f"{SHORT}!", base_url=base_url), "sqlite://")


@pytest.mark.parametrize(
    ("host", "is_public"), [("0.0.0.0", True), ("::", True), ("10.0.0.7", True), ("127.0.0.1", False)]
)
def test_a_server_that_others_reach_needs_a_long_secret_whatever_its_address(
    host: str, is_public: bool
) -> None:
    settings = Settings.model_validate({"secret": SHORT, "host": host, "database": "sqlite://"})
    if is_public:
        with pytest.raises(ConfigurationError, match="shorter than 32"):
            settings.to_auth()
    else:
        settings.to_auth()


@pytest.mark.parametrize(("base_url", "is_public"), ADDRESSES.items())
def test_debug_pages_are_refused_where_strangers_would_see_them(base_url: str, is_public: bool) -> None:
    auth = some_auth(some_options(base_url=base_url))
    auth.install(FastAPI())
    if is_public:
        with pytest.raises(ConfigurationError, match="debug"):
            auth.install(FastAPI(debug=True))
    else:
        some_auth(some_options(base_url=base_url)).install(FastAPI(debug=True))


@pytest.mark.parametrize(("base_url", "is_public"), ADDRESSES.items())
def test_a_page_that_shows_mail_instead_of_sending_it_stays_at_home(base_url: str, is_public: bool) -> None:
    from ostiary.outgoing import Mailer

    mailer = Mailer(sender="auth@app.example")
    if is_public:
        with pytest.raises(ConfigurationError, match="transport"):
            some_auth(some_options(base_url=base_url), mailer=mailer)
    else:
        some_auth(some_options(base_url=base_url), mailer=mailer)


def test_a_server_has_no_debug_mode(tmp_path: Path) -> None:
    from ostiary.server.app import application_server
    from ostiary.server.application import Application

    settings = Settings.model_validate({"secret": SECRET, "log_level": "debug", "database": "sqlite://"})
    assert application_server(Application(settings, settings.to_auth())).debug is False
