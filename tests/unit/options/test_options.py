"""Options refuse what cannot be meant, and name the cure."""

from datetime import timedelta

import pytest

from ostiary import (
    Advanced,
    ConfigurationError,
    CookieCache,
    CrossSubdomainCookies,
    IpAddress,
    Options,
    PasswordPolicy,
    RateLimit,
    SessionOptions,
    VersionedSecret,
)
from ostiary.http.cookies import CookieNames
from ostiary.options.options import REFERENCE_DEFAULT_SECRET

SECRET = "a-secret-for-tests-of-at-least-32-characters"


@pytest.mark.parametrize("secret", [None, "", REFERENCE_DEFAULT_SECRET])
def test_a_secret_is_required_and_never_public_knowledge(secret: str | None) -> None:
    """S89"""
    with pytest.raises(ConfigurationError, match="ostiary secret"):
        Options(secret=secret)


def test_a_short_secret_is_refused_where_the_address_is_public() -> None:
    """S89"""
    assert Options(secret="short", base_url="http://localhost:8000").secret == "short"
    with pytest.raises(ConfigurationError, match="shorter than 32"):
        Options(secret="short", base_url="https://app.example")


def test_secrets_never_show_in_a_representation() -> None:
    options = Options(secret=SECRET, secrets=(VersionedSecret(version=1, value=SECRET),))
    assert SECRET not in repr(options)


@pytest.mark.parametrize("url", ["app.example", "ftp://app.example", "https://", "javascript:alert(1)"])
def test_a_base_url_is_a_web_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url"):
        Options(secret=SECRET, base_url=url)


def test_a_path_in_the_base_url_replaces_the_base_path() -> None:
    assert Options(secret=SECRET, base_url="https://a.example/custom/base/").mount_path == "/custom/base"
    assert Options(secret=SECRET, base_url="https://a.example/").mount_path == "/api/auth"
    assert Options(secret=SECRET, base_url="https://a.example///").mount_path == "/api/auth"
    assert Options(secret=SECRET, base_path="/auth/").mount_path == "/auth"
    assert Options(secret=SECRET, base_path="").mount_path == Options(secret=SECRET, base_path="/").mount_path


def test_contradictory_life_times_are_refused() -> None:
    with pytest.raises(ConfigurationError):
        SessionOptions(expires_in=timedelta(0))
    with pytest.raises(ConfigurationError, match="400 days"):
        SessionOptions(expires_in=timedelta(days=401))
    with pytest.raises(ConfigurationError):
        CookieCache(max_age=timedelta(0))


def test_other_nonsense_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        RateLimit(0, per=1)
    with pytest.raises(ConfigurationError):
        PasswordPolicy(min_length=10, max_length=9)
    with pytest.raises(ConfigurationError, match="trusted_proxies"):
        IpAddress(trusted_proxies=("proxy",))
    shared = Advanced(cross_sub_domain_cookies=CrossSubdomainCookies(enabled=True))
    with pytest.raises(ConfigurationError, match="domain"):
        CookieNames(Options(secret=SECRET, advanced=shared))


def test_the_reference_defaults_are_one_word() -> None:
    options = Options.reference(SECRET)
    assert options.session.absolute_lifetime is None
    assert options.rate_limit.sign_in_failures is None
    assert options.password_policy.count == "utf-16"
    assert not options.advanced.ip_address.use_connection
