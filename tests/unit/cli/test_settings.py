"""What the server is told, and what wins."""

from datetime import timedelta
from pathlib import Path

import pytest

from ostiary import AuditOptions, ConfigurationError
from ostiary.plugins import NewDevice
from ostiary.server import Settings
from tests.builders import SECRET

OTHER = "another-secret-of-more-than-thirty-two-characters"


def written(directory: Path, text: str, name: str = "ostiary.toml") -> Path:
    path = directory / name
    path.write_text(text)
    return path


def test_the_environment_wins_over_dotenv_and_dotenv_over_the_file(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(directory, 'port = 1111\nhost = "10.1.1.1"\ndatabase = "sqlite:///file.db"\n')
    written(directory, "OSTIARY_PORT=2222\nDATABASE_URL=sqlite:///dotenv.db\n", ".env")
    monkeypatch.setenv("OSTIARY_PORT", "3333")
    settings = Settings.load()
    assert (settings.port, settings.database, settings.host) == (3333, "sqlite:///dotenv.db", "10.1.1.1")


@pytest.mark.parametrize("name", ["OSTIARY_SECRET", "BETTER_AUTH_SECRET", "AUTH_SECRET"])
def test_the_secret_has_the_names_that_better_auth_gives_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, SECRET)
    assert Settings.load().to_options().secret == SECRET


def test_there_is_no_default_secret() -> None:
    with pytest.raises(ConfigurationError, match="ostiary secret"):
        Settings.load().to_options()


def test_secrets_in_rotation_sign_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRETS", f"2:{OTHER}, 1:{SECRET}")
    secrets = Settings.load().to_options().secrets
    assert [(each.version, each.value) for each in secrets] == [(2, OTHER), (1, SECRET)]


def test_nothing_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    monkeypatch.setenv("BETTER_AUTH_SECRETS", f"1:{OTHER}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/auth")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@cache")
    settings = Settings.load()
    shown = f"{settings!r} {settings} {settings.to_options()!r}"
    assert not [text for text in (SECRET, OTHER, "hunter2") if text in shown]


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("prot = 1", "did you mean 'port'"),
        ("cookiePrefix = 'x'", r"\[options\]"),
        ("port = 'eight'", "'port'"),
        ("port = 70000", "'port'"),
        ("workers = 0", "'workers'"),
        ("password_policy = 'hunter2'", "'password_policy'"),
        ("secret = ['hunter2']", "'secret'"),
        ("port = = 1", "no TOML"),
    ],
)
def test_a_mistake_in_the_file_is_named_without_repeating_the_value(
    directory: Path, text: str, cure: str
) -> None:
    written(directory, text)
    with pytest.raises(ConfigurationError, match=cure) as caught:
        Settings.load()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_must_exist(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"elsewhere\.toml cannot be read"):
        Settings.load(directory / "elsewhere.toml")
    monkeypatch.setenv("OSTIARY_CONFIG", str(written(directory, "port = 4444", "named.toml")))
    assert Settings.load().port == 4444


def test_dotenv_lies_beside_the_configuration(directory: Path) -> None:
    (directory / "deployed").mkdir()
    path = written(directory / "deployed", "")
    written(directory / "deployed", f"BETTER_AUTH_SECRET={SECRET}\nUNRELATED=1\n", ".env")
    assert Settings.load(path).to_options().secret == SECRET


def test_a_relative_database_file_lies_beside_the_configuration(directory: Path) -> None:
    (directory / "deployed").mkdir()
    path = written(directory / "deployed", 'database = "sqlite:///data/people.db"')
    assert Settings.load(path).database == f"sqlite:///{directory}/deployed/data/people.db"
    for url in ("sqlite://", "sqlite:////var/people.db", "sqlite:///:memory:", "postgresql:///people"):
        assert Settings.load(written(directory / "deployed", f'database = "{url}"')).database == url


def test_a_dotenv_that_cannot_be_read_is_one_sentence(directory: Path) -> None:
    (directory / ".env").write_bytes(b"SECRET=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read"):
        Settings.load()


def test_an_empty_variable_is_no_value(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(directory, f'secret = "{SECRET}"')
    monkeypatch.setenv("BETTER_AUTH_SECRET", "")
    assert Settings.load().to_options().secret == SECRET


def test_lists_are_separated_by_commas_in_the_environment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(directory, f'secret = "{SECRET}"\n[options]\ntrustedOrigins = ["https://a.example"]')
    monkeypatch.setenv("BETTER_AUTH_TRUSTED_ORIGINS", "https://b.example, https://c.example,")
    monkeypatch.setenv("OSTIARY_TRUSTED_PROXIES", "10.0.0.0/8,192.168.1.1")
    options = Settings.load().to_options()
    assert options.trusted_origins == ("https://a.example", "https://b.example", "https://c.example")
    assert options.advanced.ip_address.trusted_proxies == ("10.0.0.0/8", "192.168.1.1")


def test_better_auths_own_options_go_below_options(directory: Path) -> None:
    text = f'secret = "{SECRET}"\n[options]\nsession.expiresIn = 60\nadvanced.ipAddress.ipv6Subnet = 48\n'
    written(directory, f'trusted_proxies = ["::1"]\n{text}')
    options = Settings.load().to_options()
    assert options.session.expires_in == timedelta(seconds=60)
    assert options.advanced.ip_address.ipv6_subnet == 48
    assert options.advanced.ip_address.trusted_proxies == ("::1",)
    written(directory, f'secret = "{SECRET}"\n[options.session]\nexpiresln = 60\n')
    with pytest.raises(ConfigurationError, match=r"session\.expiresln"):
        Settings.load().to_options()


def test_sign_in_by_password_is_on_unless_turned_off(directory: Path) -> None:
    written(directory, f'secret = "{SECRET}"\n[options.emailAndPassword]\ndisableSignUp = true')
    settings = Settings.load().to_options().email_and_password
    assert (settings.enabled, settings.disable_sign_up) == (True, True)
    written(directory, f'secret = "{SECRET}"\n[options.emailAndPassword]\nenabled = false')
    assert not Settings.load().to_options().email_and_password.enabled


def test_the_strict_password_policy_keeps_the_configured_lengths(directory: Path) -> None:
    lengths = "[options.emailAndPassword]\nminPasswordLength = 12"
    written(directory, f'secret = "{SECRET}"\n{lengths}')
    policy = Settings.load().to_options().password_policy
    assert (policy.min_length, policy.require_digit, policy.refuse_common) == (12, True, True)
    written(directory, f'secret = "{SECRET}"\npassword_policy = "reference"\n{lengths}')
    policy = Settings.load().to_options().password_policy
    assert (policy.min_length, policy.require_digit, policy.refuse_common) == (12, False, False)


def test_sessions_in_redis_need_a_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    monkeypatch.setenv("OSTIARY_REDIS_SESSIONS", "yes")
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        Settings.load().to_auth()
    monkeypatch.setenv("REDIS_URL", "http://nowhere")
    with pytest.raises(ConfigurationError, match="redis://"):
        Settings.load().to_auth()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379")
    assert Settings.load().to_auth().options.session.store_in_key_value


def test_front_ends_on_another_site_are_let_in_by_one_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    monkeypatch.setenv("OSTIARY_CROSS_SITE", "true")
    for base_url in ("https://auth.example", "http://127.0.0.1:8000"):
        monkeypatch.setenv("BETTER_AUTH_URL", base_url)
        assert Settings.load().to_auth()
    monkeypatch.setenv("BETTER_AUTH_URL", "http://auth.example")
    with pytest.raises(ConfigurationError, match="cross_site needs https"):
        Settings.load().to_auth()


def test_the_way_back_of_a_new_device_needs_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the mailed link to a new password would lead nowhere, after the old one was made void."""
    values = {"secret": SECRET, "new_device_mail": True, "base_url": "http://127.0.0.1:8000"}
    with pytest.raises(ConfigurationError, match="needs reset_page"):
        Settings.model_validate(values).to_auth()
    auth = Settings.model_validate({**values, "reset_page": "/new-password"}).to_auth()
    assert [each.reset_page for each in auth.plugins if isinstance(each, NewDevice)] == ["/new-password"]


def test_a_server_cleans_by_itself_and_keeps_its_audit_log_unless_told_otherwise() -> None:
    options = Settings.model_validate({"secret": SECRET}).to_options()
    assert (options.housekeeping, options.audit.keep_for) == (True, None)
    told = Settings.model_validate({"secret": SECRET, "housekeeping": False, "audit_days": 400}).to_options()
    assert (told.housekeeping, told.audit.keep_for) == (False, timedelta(days=400))


def test_an_audit_log_that_forgets_at_once_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="a day at least"):
        AuditOptions(keep_for=timedelta(hours=1))
