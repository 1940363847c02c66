"""Session tokens in the Authorization header, for clients without a cookie jar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ostiary.crypto.signing import decode_cookie_value, sign, unsign
from ostiary.http.context import Context
from ostiary.http.messages import Response
from ostiary.plugins.base import Plugin


@dataclass(frozen=True, kw_only=True)
class Bearer(Plugin):
    """Takes `Authorization: Bearer <token.signature>` for the session cookie, and hands such values out."""

    id: ClassVar[str] = "bearer"

    allow_unsigned: bool = False
    """Take a bare session token, too: then whoever reads the `session` table can sign in as anybody in it."""

    def security_schemes(self, mount_path: str) -> Mapping[str, Mapping[str, Any]]:  # OpenAPI's own shape
        """Describe the header."""
        del mount_path
        return {"bearer": {"type": "http", "scheme": "bearer"}}

    async def present(self, context: Context) -> None:
        """Put a session token in the place of the cookie; one that proves nothing is ignored."""
        scheme, _, credential = context.request.headers.get("authorization", "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            return
        cookies = context.services.session_cookies
        signed = self._signed(credential, context)
        if signed is not None and unsign(signed, cookies.keyring) is not None:
            context.request.present_cookie(cookies.names.session_token.name, signed)

    def _signed(self, credential: str, context: Context) -> str | None:
        if "." in credential:
            return decode_cookie_value(credential)
        return sign(credential, context.services.session_cookies.keyring) if self.allow_unsigned else None

    async def on_response(self, context: Context, response: Response) -> None:
        """Hand out the session cookie that an answer sets, as a header."""
        name = context.services.session_cookies.names.session_token.name
        for header, line in response.headers:
            if header == "set-cookie" and line.startswith(f"{name}="):
                value = line.partition(";")[0].removeprefix(f"{name}=")
                if value:
                    response.headers.append(("set-auth-token", decode_cookie_value(value)))
                    response.headers.append(("access-control-expose-headers", "set-auth-token"))
                    return
