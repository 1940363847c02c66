"""What a setting is called by whoever configures the server: in Python, or for `ostiary serve`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from ostiary.cli.doctor.finding import Finding
from ostiary.options.mapping import RULES

if TYPE_CHECKING:
    from ostiary.server.application import Application


class Setting(StrEnum):
    """What a cure may name; as text it stands for the name until `spelled` puts that in."""

    BASE_URL = "<Options.base_url>"
    TRUSTED_ORIGINS = "<Options.trusted_origins>"
    TRUSTED_PROXIES = "<Options.advanced.ip_address.trusted_proxies>"
    SHARED_DOMAIN = "<Options.advanced.cross_sub_domain_cookies.domain>"
    SHARED_COOKIES = "<Options.advanced.cross_sub_domain_cookies.enabled>"
    SECURE_COOKIES = "<Options.advanced.use_secure_cookies>"
    COOKIE_ATTRIBUTES = "<Options.advanced.default_cookie_attributes>"
    CSRF_CHECK = "<Options.advanced.disable_csrf_check>"
    ORIGIN_CHECK = "<Options.advanced.disable_origin_check>"
    LIMITS = "<Options.rate_limit.enabled>"
    LIMIT_STORAGE = "<Options.rate_limit.storage>"
    PASSWORDS = "<Options.email_and_password.enabled>"
    VERIFIED_FIRST = "<Options.email_and_password.require_email_verification>"
    DATABASE = "<Auth.database>"
    KEY_VALUE = "<Auth.key_value>"
    MAILER = "<Auth.mailer>"

    @property
    def in_python(self) -> str:
        """The attribute of the options, or the parameter of Auth."""
        name = self.strip("<>")
        parameter = name.removeprefix("Auth.")
        return name if parameter == name else f"{parameter} of Auth(...)"

    @property
    def for_the_server(self) -> str:
        """The environment variable; else the option below `[options]` of the configuration file."""
        from ostiary.server.settings import variable_of  # noqa: PLC0415  help texts need no server

        if field := _FIELDS.get(self):
            return variable_of(field)
        return f"options.{_THEIRS[self.strip('<>').removeprefix('Options.')]}"


_FIELDS: Final = {
    Setting.BASE_URL: "base_url",
    Setting.TRUSTED_ORIGINS: "trusted_origins",
    Setting.TRUSTED_PROXIES: "trusted_proxies",
    Setting.DATABASE: "database",
    Setting.KEY_VALUE: "redis",
    Setting.MAILER: "smtp_url",
}
_THEIRS: Final = {place: theirs for theirs, (place, _) in RULES.items()}


def spelled(application: "Application", findings: Iterable[Finding]) -> Sequence[Finding]:
    """Return the findings with cures in the words of whoever configured the application."""
    names = {
        str(each): each.in_python if application.is_in_python else each.for_the_server for each in Setting
    }

    def cure(text: str) -> str:
        for mark, name in names.items():
            text = text.replace(mark, name)
        return text

    return [replace(finding, cure=cure(finding.cure)) for finding in findings]
