"""The refusals of credentials that are not cookies."""

from typing import Final

from ostiary.crypto.token_form import Cause
from ostiary.domain.errors import AuthError, ErrorCode


class CredentialErrors:
    """Why a credential was refused; a 401 tells the client how to authenticate (RFC 6750 section 3)."""

    AUTHORIZATION_REQUIRED = ErrorCode(401, "Authorization header required")
    INVALID_AUTHORIZATION_FORMAT = ErrorCode(401, "Invalid authorization format")
    EXPIRED_TOKEN = ErrorCode(401, "Token error: expired-token")
    INVALID_SIGNATURE = ErrorCode(401, "Token error: invalid-signature")
    MALFORMED_TOKEN = ErrorCode(401, "Token error: malformed-token")
    INVALID_TOKEN = ErrorCode(401, "Token error: invalid-token")
    INSUFFICIENT_SCOPE = ErrorCode(403, "The token does not have the required scope")
    ACCOUNT_DISABLED = ErrorCode(403, "This account is disabled")
    ISSUER_UNAVAILABLE = ErrorCode(503, "The credential cannot be checked right now. Please try again later.")


_BY_CAUSE: Final = {
    Cause.EXPIRED: CredentialErrors.EXPIRED_TOKEN,
    Cause.INVALID_SIGNATURE: CredentialErrors.INVALID_SIGNATURE,
    Cause.MALFORMED: CredentialErrors.MALFORMED_TOKEN,
    Cause.INVALID_TOKEN: CredentialErrors.INVALID_TOKEN,
}


def token_refused(cause: Cause, reason: str) -> AuthError:
    """Make the refusal of a token that was presented and failed."""
    challenge = f'Bearer error="invalid_token", error_description="{cause}"'
    return _challenged(_BY_CAUSE[cause], challenge, reason)


def credential_required(*, wrong_format: bool = False) -> AuthError:
    """Make the refusal where no token came, or none in the form `Bearer <token>`."""
    if wrong_format:
        return _challenged(CredentialErrors.INVALID_AUTHORIZATION_FORMAT, "Bearer", "not a bearer token")
    return _challenged(CredentialErrors.AUTHORIZATION_REQUIRED, "Bearer", "no credential")


def scope_required(scopes: str) -> AuthError:
    """Make the refusal of a token that lacks scopes, given separated by blanks (RFC 6750 section 3.1)."""
    challenge = f'Bearer error="insufficient_scope", scope="{scopes}"'
    return _challenged(CredentialErrors.INSUFFICIENT_SCOPE, challenge, f"lacks one of: {scopes}")


def _challenged(error: ErrorCode, challenge: str, reason: str) -> AuthError:
    return error(reason=reason, headers={"www-authenticate": challenge}, detail=error.message)
