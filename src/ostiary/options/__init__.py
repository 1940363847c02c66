"""What can be decided: frozen values, one class for each section."""

from ostiary.domain.secret import VersionedSecret
from ostiary.options.advanced import (
    Advanced,
    CookieAttributes,
    CookieOverride,
    CrossSubdomainCookies,
    IpAddress,
)
from ostiary.options.audit import AuditOptions
from ostiary.options.email import ChangeEmail, EmailVerificationOptions
from ostiary.options.frequent_providers import GitHub, Google
from ostiary.options.generic_oauth import GenericOAuth
from ostiary.options.options import ErrorPage, Options
from ostiary.options.password import EmailAndPassword, PasswordPolicy
from ostiary.options.rate_limit import RateLimit, RateLimitOptions
from ostiary.options.session import CookieCache, SessionOptions
from ostiary.options.social import SocialProvider
from ostiary.options.user import AccountLinking, AccountOptions, DeleteUser, UserOptions, VerificationOptions

__all__ = [
    "AccountLinking",
    "AccountOptions",
    "Advanced",
    "AuditOptions",
    "ChangeEmail",
    "CookieAttributes",
    "CookieCache",
    "CookieOverride",
    "CrossSubdomainCookies",
    "DeleteUser",
    "EmailAndPassword",
    "EmailVerificationOptions",
    "ErrorPage",
    "GenericOAuth",
    "GitHub",
    "Google",
    "IpAddress",
    "Options",
    "PasswordPolicy",
    "RateLimit",
    "RateLimitOptions",
    "SessionOptions",
    "SocialProvider",
    "UserOptions",
    "VerificationOptions",
    "VersionedSecret",
]
