"""What can be decided: frozen values, one class for each section."""

from ostiary.domain.secret import VersionedSecret
from ostiary.options.advanced import (
    Advanced,
    CookieAttributes,
    CookieOverride,
    CrossSubdomainCookies,
    IpAddress,
)
from ostiary.options.options import ErrorPage, Options
from ostiary.options.password import EmailAndPassword, PasswordPolicy
from ostiary.options.rate_limit import RateLimit, RateLimitOptions
from ostiary.options.session import CookieCache, SessionOptions
from ostiary.options.user import AccountOptions, DeleteUser, UserOptions, VerificationOptions

__all__ = [
    "AccountOptions",
    "Advanced",
    "CookieAttributes",
    "CookieCache",
    "CookieOverride",
    "CrossSubdomainCookies",
    "DeleteUser",
    "EmailAndPassword",
    "ErrorPage",
    "IpAddress",
    "Options",
    "PasswordPolicy",
    "RateLimit",
    "RateLimitOptions",
    "SessionOptions",
    "UserOptions",
    "VerificationOptions",
    "VersionedSecret",
]
