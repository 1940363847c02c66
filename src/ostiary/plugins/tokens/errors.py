"""The refusals of this plugin, and how its clients read those of the core."""

from typing import Final

from pydantic import ConfigDict, Field

from ostiary.domain.errors import AuthError, ErrorCode, Errors
from ostiary.http.documented_models import Documented
from ostiary.verification.errors import CredentialErrors

BEARER: Final = {"www-authenticate": "Bearer"}
INVALID_TOKEN: Final = {"www-authenticate": 'Bearer error="invalid_token"'}


class TokenErrors:
    """What only these routes refuse."""

    INVALID_REFRESH_TOKEN = ErrorCode(401, "Invalid refresh token")
    REFRESH_TOKEN_REQUIRED = ErrorCode(401, "Refresh token required")
    INVALID_CLIENT = ErrorCode(401, "Client authentication failed")
    INVALID_REQUEST = ErrorCode(400, "Invalid request")


class OAuthRefusal(Documented):
    """Why a request was refused, in OAuth's own words."""

    error: str
    error_description: str = Field(None, validate_default=False)  # type: ignore[assignment]  # absent


class Detailed(Documented):
    """Why a request was refused; the code is stable, the detail is for people."""

    model_config = ConfigDict(extra="allow")

    detail: str = Field(None, validate_default=False)  # type: ignore[assignment]  # absent, see Documented
    code: str = Field(None, validate_default=False)  # type: ignore[assignment]  # absent, see Documented


_MALFORMED: Final = frozenset({Errors.VALIDATION_ERROR.name, Errors.BAD_REQUEST.name})
_STATUSES: Final = {Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL.name: 400}
_DETAILS: Final = {
    Errors.INVALID_EMAIL_OR_PASSWORD.name: "Incorrect email or password",
    Errors.USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL.name: "Email already registered",
}
_UNNAMED: Final = {429: Errors.TOO_MANY_REQUESTS.name}


def detailed(error: AuthError) -> AuthError:
    """Return a refusal as `{detail, code}`: 422 for a malformed body, 401 with its challenge."""
    code = error.code or _UNNAMED.get(error.status)
    status = 422 if code in _MALFORMED else _STATUSES.get(code or "", error.status)
    challenge = BEARER if status == 401 else {}
    members = {"detail": _DETAILS.get(code or "", error.message), "code": code}
    return AuthError(
        status,
        None,
        None,
        reason=error.reason,
        headers={**challenge, **error.headers},
        extra={**error.extra, **{name: text for name, text in members.items() if text is not None}},
    )


_OAUTH: Final = {401: "invalid_client", 429: "temporarily_unavailable", 503: "temporarily_unavailable"}


def in_oauth(error: AuthError) -> AuthError:
    """Return a refusal as `{error, error_description}`."""
    members = {"error": _OAUTH.get(error.status, "invalid_request")}
    if error.message is not None:
        members["error_description"] = error.message
    return AuthError(error.status, None, None, reason=error.reason, headers=error.headers, extra=members)


def disabled(barred: AuthError) -> AuthError:
    """Return the refusal of somebody whom a plugin bars, in that plugin's words."""
    return CredentialErrors.ACCOUNT_DISABLED(barred.message, reason=barred.reason)
