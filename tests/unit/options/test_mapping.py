"""A Better Auth configuration moves over in its own names."""

from datetime import timedelta

import pytest

from ostiary import ConfigurationError, CookieAttributes, Options, RateLimit

SECRET = "a-secret-for-tests-of-at-least-32-characters"


def read(**mapping: object) -> Options:
    return Options.from_mapping({"secret": SECRET, **mapping})


def test_plain_values_keep_their_meaning() -> None:
    options = read(
        baseURL="https://app.example", basePath="/auth", appName="App", disabledPaths=["/sign-up/email"]
    )
    assert (options.base_url, options.base_path, options.app_name) == ("https://app.example", "/auth", "App")
    assert options.disabled_paths == ("/sign-up/email",)


def test_seconds_become_durations() -> None:
    session = read(session={"expiresIn": 60, "updateAge": 0, "freshAge": 30}).session
    assert session.expires_in == timedelta(minutes=1)
    assert session.update_age == timedelta(0)
    assert session.fresh_age == timedelta(seconds=30)


def test_sections_nest() -> None:
    options = read(
        session={
            "cookieCache": {
                "enabled": True,
                "maxAge": 10,
                "strategy": "jwe",
                "refreshCache": {"updateAge": 5},
            }
        },
        user={"deleteUser": {"enabled": True}},
    )
    assert options.session.cookie_cache.strategy == "jwe"
    assert options.session.cookie_cache.refresh_below == timedelta(seconds=5)
    assert options.user.delete_user.enabled


def test_password_lengths_go_to_the_policy() -> None:
    options = read(emailAndPassword={"enabled": True, "minPasswordLength": 10, "maxPasswordLength": 64})
    assert (options.password_policy.min_length, options.password_policy.max_length) == (10, 64)


def test_additional_fields_are_described() -> None:
    (field,) = read(
        user={"additionalFields": {"plan": {"type": "string", "defaultValue": "free", "input": False}}}
    ).user.additional_fields
    assert (field.name, field.default, field.input, field.required) == ("plan", "free", False, True)


def test_rate_limits_keep_what_they_do_not_name() -> None:
    limits = read(
        rateLimit={
            "enabled": True,
            "max": 5,
            "customRules": {"/ok": False, "/sign-in/*": {"window": 9, "max": 2}},
        }
    ).rate_limit
    assert limits.default == RateLimit(5, per=10)
    assert limits.custom_rules == {"/ok": None, "/sign-in/*": RateLimit(2, per=9)}


def test_cookies_and_their_attributes_are_read() -> None:
    advanced = read(
        advanced={
            "cookiePrefix": "app",
            "cookies": {"session_token": {"name": "sid", "attributes": {"sameSite": "Strict"}}},
            "defaultCookieAttributes": {"partitioned": True},
            "database": {"generateId": "uuid"},
            "ipAddress": {"trustedProxies": ["10.0.0.0/8"]},
        }
    ).advanced
    assert advanced.cookies["session_token"].name == "sid"
    assert advanced.cookies["session_token"].attributes == CookieAttributes(same_site="strict")
    assert advanced.default_cookie_attributes.partitioned
    assert advanced.generate_id == "uuid"
    assert advanced.ip_address.trusted_proxies == ("10.0.0.0/8",)


def test_rotated_secrets_are_read_in_order() -> None:
    options = read(secrets=[{"version": 2, "value": "new" * 12}, {"version": 1, "value": "old" * 12}])
    assert [secret.version for secret in options.secrets] == [2, 1]


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ({"emailAndPasword": {}}, "emailAndPasword"),
        ({"session": {"cookieCache": {"maxage": 1}}}, "session.cookieCache.maxage"),
        ({"session": {"expiresIn": "7d"}}, "session.expiresIn"),
        ({"advanced": {"useSecureCookies": "yes"}}, "advanced.useSecureCookies"),
        ({"user": {"additionalFields": {"x": {"type": "varchar"}}}}, "user.additionalFields.x.type"),
        ({"user": []}, "user"),
        ({"rateLimit": {"customRules": {"/ok": {"windw": 1}}}}, "rateLimit.customRules./ok.windw"),
    ],
)
def test_what_is_not_understood_is_named(mapping: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        read(**mapping)


def test_every_unknown_name_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"one, session\.two"):
        read(one=1, session={"two": 2})


def test_what_has_no_effect_here_is_accepted() -> None:
    assert read(logger={"disabled": True}, telemetry={"enabled": False}) == read()
