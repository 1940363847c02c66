"""Complete authentication for Python back ends, in Better Auth's protocol."""

from ostiary.auth import Auth
from ostiary.domain.entities import Account, ActiveSession, Session, User
from ostiary.domain.errors import AuthError, ConfigurationError, ErrorCode, Errors
from ostiary.domain.schema import Field, Index, Model, Reference
from ostiary.http.api import Caller
from ostiary.http.hooks import ANY, Hooks
from ostiary.options import (
    AccountOptions,
    Advanced,
    CookieAttributes,
    CookieCache,
    CookieOverride,
    CrossSubdomainCookies,
    DeleteUser,
    EmailAndPassword,
    ErrorPage,
    IpAddress,
    Options,
    PasswordPolicy,
    RateLimit,
    RateLimitOptions,
    SessionOptions,
    UserOptions,
    VerificationOptions,
    VersionedSecret,
)
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks

__all__ = [
    "ANY",
    "Account",
    "AccountOptions",
    "ActiveSession",
    "Advanced",
    "Auth",
    "AuthError",
    "Caller",
    "ConfigurationError",
    "CookieAttributes",
    "CookieCache",
    "CookieOverride",
    "CrossSubdomainCookies",
    "DatabaseHooks",
    "DeleteUser",
    "EmailAndPassword",
    "ErrorCode",
    "ErrorPage",
    "Errors",
    "Field",
    "Hooks",
    "Index",
    "IpAddress",
    "Model",
    "ModelHooks",
    "Options",
    "PasswordPolicy",
    "RateLimit",
    "RateLimitOptions",
    "Reference",
    "Session",
    "SessionOptions",
    "User",
    "UserOptions",
    "VerificationOptions",
    "VersionedSecret",
]
