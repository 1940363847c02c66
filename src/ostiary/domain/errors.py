"""Every refusal of the core: its wire code, its status and its sentence."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

JsonValue: TypeAlias = Any  # the JSON edge: whatever a JSON document may hold


class ConfigurationError(Exception):
    """The program was put together wrongly; the message names the cure."""


class Overloaded(Exception):
    """A bounded queue is full; the caller may try again after `retry_after` seconds."""

    def __init__(self, retry_after: float) -> None:
        """Remember how long the queue needs."""
        super().__init__(f"try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class StorageUnavailable(Exception):
    """The database or key-value store did not answer."""


class IssuerUnavailable(Exception):
    """Whoever could tell whether a credential is good did not answer; it may be presented again."""


class AlreadyExists(Exception):
    """A unique value is taken; nothing was written."""


class InvalidValue(Exception):
    """A value does not fit its column: too long, or text no database holds. Nothing was written."""


class AuthError(Exception):
    """A named refusal: the only exception that becomes a `{message, code}` answer."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str | None,
        *,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, JsonValue] | None = None,
        text: str | None = None,
    ) -> None:
        """`reason` is for the operator's log and is never sent; `text` answers in plain text."""
        super().__init__(code or message or str(status))
        self.status = status
        self.code = code
        self.message = message
        self.reason = reason
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.text = text


class ErrorCode:
    """One entry of a catalogue; calling it makes the exception."""

    __slots__ = ("message", "name", "named", "status")

    def __init__(self, status: int, message: str, *, named: bool = True) -> None:
        """`named=False` marks a refusal whose body carries a message but no code."""
        self.status: Final = status
        self.message: Final = message
        self.named: Final = named
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the first binding; later bindings are mere references."""
        self.name = self.name or name

    def __call__(
        self,
        message: str | None = None,
        *,
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: JsonValue,
    ) -> AuthError:
        """Make the refusal; `message` overrides where the contract deviates."""
        return AuthError(
            self.status,
            self.name if self.named else None,
            self.message if message is None else message,
            reason=reason,
            headers=headers,
            extra=extra,
        )

    def at(self, status: int) -> "ErrorCode":
        """Return this refusal under another status, to be declared and raised where the contract deviates."""
        other = ErrorCode(status, self.message, named=self.named)
        other.name = self.name
        return other

    def __repr__(self) -> str:
        """Show the wire code and the status."""
        return f"<{self.name} {self.status}>"


class Errors:
    """The core catalogue. The attribute's name is the wire code."""

    ACCESS_TOKEN_NOT_FOUND = ErrorCode(400, "Access token not found")
    ACCOUNT_NOT_FOUND = ErrorCode(400, "Account not found")
    ASYNC_VALIDATION_NOT_SUPPORTED = ErrorCode(500, "Async validation is not supported")
    BAD_REQUEST = ErrorCode(400, "Invalid JSON in request body")
    BODY_MUST_BE_AN_OBJECT = ErrorCode(400, "Body must be an object")
    CALLBACK_URL_REQUIRED = ErrorCode(400, "callbackURL is required")
    CHANGE_EMAIL_DISABLED = ErrorCode(400, "Change email is disabled")
    CREDENTIAL_ACCOUNT_NOT_FOUND = ErrorCode(400, "Credential account not found")
    CROSS_SITE_NAVIGATION_LOGIN_BLOCKED = ErrorCode(
        403, "Cross-site navigation login blocked. This request appears to be a CSRF attack."
    )
    EMAIL_ALREADY_VERIFIED = ErrorCode(400, "Email is already verified")
    EMAIL_CAN_NOT_BE_UPDATED = ErrorCode(400, "Email can not be updated")
    EMAIL_CHANGE_UNAVAILABLE = ErrorCode(400, "Verification email isn't enabled", named=False)
    EMAIL_IS_THE_SAME = ErrorCode(400, "Email is the same", named=False)
    EMAIL_MISMATCH = ErrorCode(400, "Email mismatch")
    EMAIL_NOT_VERIFIED = ErrorCode(403, "Email not verified")
    EMAIL_PASSWORD_DISABLED = ErrorCode(400, "Email and password is not enabled")
    EMAIL_PASSWORD_SIGN_UP_DISABLED = ErrorCode(400, "Email and password sign up is not enabled")
    FAILED_TO_CREATE_SESSION = ErrorCode(401, "Failed to create session")
    FAILED_TO_CREATE_USER = ErrorCode(422, "Failed to create user")
    FAILED_TO_CREATE_VERIFICATION = ErrorCode(500, "Unable to create verification")
    FAILED_TO_GET_ACCESS_TOKEN = ErrorCode(400, "Failed to get a valid access token")
    FAILED_TO_GET_SESSION = ErrorCode(401, "Failed to get session")
    FAILED_TO_GET_USER_INFO = ErrorCode(401, "Failed to get user info")
    FAILED_TO_REFRESH_ACCESS_TOKEN = ErrorCode(400, "Failed to refresh access token")
    FAILED_TO_UNLINK_LAST_ACCOUNT = ErrorCode(400, "You can't unlink your last account")
    FAILED_TO_UPDATE_SESSION = ErrorCode(422, "Failed to update session")
    FAILED_TO_UPDATE_USER = ErrorCode(500, "Failed to update user")
    FIELD_NOT_ALLOWED = ErrorCode(400, "{field} is not allowed to be set")
    ID_TOKEN_NOT_SUPPORTED = ErrorCode(404, "id_token not supported")
    INVALID_CALLBACK_URL = ErrorCode(403, "Invalid callbackURL")
    INVALID_EMAIL = ErrorCode(400, "Invalid email")
    INVALID_EMAIL_OR_PASSWORD = ErrorCode(401, "Invalid email or password")
    INVALID_ERROR_CALLBACK_URL = ErrorCode(403, "Invalid errorCallbackURL")
    INVALID_NEW_USER_CALLBACK_URL = ErrorCode(403, "Invalid newUserCallbackURL")
    INVALID_ORIGIN = ErrorCode(403, "Invalid origin")
    INVALID_PASSWORD = ErrorCode(400, "Invalid password")
    INVALID_REDIRECT_URL = ErrorCode(403, "Invalid redirectURL")
    INVALID_TOKEN = ErrorCode(400, "Invalid token")
    INVALID_USER = ErrorCode(400, "Invalid user")
    LINKING_DIFFERENT_EMAILS_NOT_ALLOWED = ErrorCode(401, "Account not linked - different emails not allowed")
    LINKING_FAILED = ErrorCode(417, "Account not linked - unable to create account")
    LINKING_NOT_ALLOWED = ErrorCode(401, "Account not linked - linking not allowed")
    LINKED_ACCOUNT_ALREADY_EXISTS = ErrorCode(400, "Linked account already exists")
    METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED = ErrorCode(
        405, "POST method requires deferSessionRefresh to be enabled in session config"
    )
    MISSING_FIELD = ErrorCode(400, "{field} is required")
    MISSING_OR_NULL_ORIGIN = ErrorCode(403, "Missing or null Origin")
    NOT_FOUND = ErrorCode(404, "Not found")
    NO_FIELDS_TO_UPDATE = ErrorCode(400, "No fields to update", named=False)
    PASSWORD_ALREADY_SET = ErrorCode(400, "User already has a password set")
    PASSWORD_TOO_LONG = ErrorCode(400, "Password too long")
    PASSWORD_TOO_SHORT = ErrorCode(400, "Password too short")
    PASSWORD_COMPROMISED = ErrorCode(
        400, "The password you entered has been compromised. Please choose a different password."
    )
    PASSWORD_MISSING_UPPERCASE = ErrorCode(400, "Password must contain an upper-case letter")
    PASSWORD_MISSING_LOWERCASE = ErrorCode(400, "Password must contain a lower-case letter")
    PASSWORD_MISSING_DIGIT = ErrorCode(400, "Password must contain a digit")
    PASSWORD_MISSING_SPECIAL = ErrorCode(400, "Password must contain a special character")
    PASSWORD_TOO_COMMON = ErrorCode(400, "Password is one of the most common passwords")
    PASSWORD_CONTAINS_IDENTITY = ErrorCode(400, "Password must not be the email address or the name")
    PAYLOAD_TOO_LARGE = ErrorCode(413, "Request body is too large")
    OAUTH_LINK_ERROR = ErrorCode(401, "account not linked")
    PROVIDER_NOT_CONFIGURED = ErrorCode(400, "Account is not associated with a configured social provider.")
    PROVIDER_NOT_FOUND = ErrorCode(404, "Provider not found")
    PROVIDER_NOT_SUPPORTED = ErrorCode(400, "Provider {provider} is not supported.")
    REFRESH_TOKEN_NOT_FOUND = ErrorCode(400, "Refresh token not found")
    REQUEST_TIMEOUT = ErrorCode(408, "Request body did not arrive in time")
    RESET_PASSWORD_DISABLED = ErrorCode(400, "Reset password isn't enabled")
    SERVICE_UNAVAILABLE = ErrorCode(503, "Service temporarily unavailable. Please try again later.")
    SESSION_EXPIRED = ErrorCode(400, "Session expired. Re-authenticate to perform this action.")
    SESSION_NOT_FRESH = ErrorCode(403, "Session is not fresh")
    SOCIAL_ACCOUNT_ALREADY_LINKED = ErrorCode(409, "Social account already linked")
    TOKEN_EXPIRED = ErrorCode(401, "Token expired")
    TOKEN_REFRESH_NOT_SUPPORTED = ErrorCode(400, "Provider {provider} does not support token refreshing.")
    TOO_MANY_REQUESTS = ErrorCode(429, "Too many requests. Please try again later.", named=False)
    UNAUTHORIZED = ErrorCode(401, "Unauthorized")
    FORBIDDEN = ErrorCode(403, "Forbidden")
    UNSUPPORTED_MEDIA_TYPE = ErrorCode(415, "Content-Type is not allowed")
    USER_ALREADY_EXISTS = ErrorCode(422, "User already exists.")
    USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL = ErrorCode(422, "User already exists. Use another email.")
    USER_ALREADY_HAS_PASSWORD = ErrorCode(
        400, "User already has a password. Provide that to delete the account."
    )
    USER_EMAIL_NOT_FOUND = ErrorCode(401, "User email not found")
    USER_ID_OR_SESSION_REQUIRED = ErrorCode(400, "Either userId or session is required")
    USER_NOT_FOUND = ErrorCode(400, "User not found")
    VALIDATION_ERROR = ErrorCode(400, "Validation Error")
    VERIFICATION_EMAIL_NOT_ENABLED = ErrorCode(400, "Verification email isn't enabled")
