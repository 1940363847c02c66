"""Complete authentication for Python back ends, in Better Auth's protocol."""

from ostiary.auth import Auth
from ostiary.domain.admission import UserCheck, UserRefused
from ostiary.domain.entities import Account, ActiveSession, Session, User
from ostiary.domain.errors import AuthError, ConfigurationError, ErrorCode, Errors
from ostiary.domain.mailed_links import EmailChanged, EmailChangeLink, MailedLink, NewDeviceLink
from ostiary.domain.observation import Observer, Served
from ostiary.domain.schema import Field, Index, Model, Reference
from ostiary.http.api import Caller
from ostiary.http.hooks import ANY, Hooks
from ostiary.http.messages import current_request
from ostiary.options import (
    AccountLinking,
    AccountOptions,
    Advanced,
    AuditOptions,
    ChangeEmail,
    CookieAttributes,
    CookieCache,
    CookieOverride,
    CrossSubdomainCookies,
    DeleteUser,
    EmailAndPassword,
    EmailVerificationOptions,
    ErrorPage,
    GenericOAuth,
    GitHub,
    Google,
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
from ostiary.outgoing import Mailer, Smtp
from ostiary.services.write_hooks import DatabaseHooks, ModelHooks
from ostiary.verification.issuers import JwksIssuer, SessionIssuer, SharedSecretIssuer
from ostiary.verification.principal import Principal
from ostiary.verifier import Verifier

__all__ = [
    "ANY",
    "Account",
    "AccountLinking",
    "AccountOptions",
    "ActiveSession",
    "Advanced",
    "AuditOptions",
    "Auth",
    "AuthError",
    "Caller",
    "ChangeEmail",
    "ConfigurationError",
    "CookieAttributes",
    "CookieCache",
    "CookieOverride",
    "CrossSubdomainCookies",
    "DatabaseHooks",
    "DeleteUser",
    "EmailAndPassword",
    "EmailChangeLink",
    "EmailChanged",
    "EmailVerificationOptions",
    "ErrorCode",
    "ErrorPage",
    "Errors",
    "Field",
    "GenericOAuth",
    "GitHub",
    "Google",
    "Hooks",
    "Index",
    "IpAddress",
    "JwksIssuer",
    "MailedLink",
    "Mailer",
    "Model",
    "ModelHooks",
    "NewDeviceLink",
    "Observer",
    "Options",
    "PasswordPolicy",
    "Principal",
    "RateLimit",
    "RateLimitOptions",
    "Reference",
    "Served",
    "Session",
    "SessionIssuer",
    "SessionOptions",
    "SharedSecretIssuer",
    "Smtp",
    "User",
    "UserCheck",
    "UserOptions",
    "UserRefused",
    "VerificationOptions",
    "Verifier",
    "VersionedSecret",
    "current_request",
]
