"""What is inside the cookies: signatures checked, cached sessions opened."""

import base64
import hashlib
import hmac
import json
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tests.conformance.normalise import RANDOM, SEALED, Json, Placeholders, compact, parsed, pretty

SIGNED = re.compile(r"(?P<value>.+)\.(?P<signature>[A-Za-z0-9+/]{43}=)", re.DOTALL)
UNESCAPED = "-_.!~*'()"
CHUNK = re.compile(r"(?P<name>.+)\.(?P<index>0|[1-9]\d*)")
STATE = re.compile(r"[\w-]{32}", re.ASCII)
"""A session token, or the state of a flow."""


@dataclass(frozen=True)
class CookieValues:
    """Reads cookie values with the secret that wrote them."""

    secret: str
    placeholders: Placeholders

    def summary(self, value: str, now: float) -> str:
        """Say in a few words what a value is, with everything that must be stable in it."""
        if not value:
            return ""
        if (signed := SIGNED.fullmatch(unquote(value))) is not None:
            return self._signed(value, signed, now)
        if self.opened(value, now) is not None:
            return f"<cached session of {len(value)} characters>"
        if SEALED.fullmatch(value):
            return "<sealed>"
        return self.placeholders.text(value, now) if RANDOM.fullmatch(value) else value

    def _signed(self, raw: str, signed: re.Match[str], now: float) -> str:
        digest = hmac.new(self.secret.encode(), signed["value"].encode(), hashlib.sha256).digest()
        valid = base64.b64encode(digest).decode() == signed["signature"]
        escaped = quote(unquote(raw), safe=UNESCAPED) == raw
        words = ["signed" if valid else "badly signed", *([] if escaped else ["oddly escaped"])]
        if STATE.fullmatch(signed["value"]):
            return f"<{' and '.join(words)} {self.placeholders.name('random', signed['value'])}>"
        return f"<{' and '.join(words)} {self.placeholders.text(signed['value'], now)}>"

    def opened(self, value: str, now: float) -> str | None:
        """Return the content of a cached session in any of the three encodings, None when it is none."""
        parts = value.split(".")
        try:
            content = {1: self._compact, 3: self._jwt, 5: self._jwe}[len(parts)](value)
        except (KeyError, TypeError, ValueError, JoseError):
            return None
        return pretty(self.placeholders.value(content, now))

    def _compact(self, value: str) -> Json:
        text = _unpadded(value).decode()
        envelope = parsed(text)
        if not isinstance(envelope, dict) or not isinstance(envelope.get("session"), dict):
            raise TypeError("not a cached session")
        payload = envelope["session"]
        assert isinstance(payload, dict)
        message = compact({**payload, "expiresAt": envelope.get("expiresAt")})
        digest = hmac.new(self.secret.encode(), message.encode(), hashlib.sha256).digest()
        expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        signature = "valid" if envelope.get("signature") == expected else "invalid"
        written = "as JSON.stringify writes" if compact(envelope) == text else "not as JSON.stringify writes"
        return {"encoding": "compact", "written": written, **envelope, "signature": signature}

    def _jwt(self, value: str) -> Json:
        key = OctKey.import_key(self.secret)
        opened = jws.deserialize_compact(value, key, algorithms=["HS256"])
        return {"encoding": "jwt", "header": _header(value), "claims": parsed(opened.payload.decode())}

    def _jwe(self, value: str) -> Json:
        for purpose in ("session", "account"):
            try:
                claims = self._decrypted(value, f"better-auth-{purpose}")
            except JoseError:
                continue
            return {"encoding": "jwe", "of": purpose, "header": _header(value), "claims": claims}
        raise ValueError("neither a session nor an account")

    def _decrypted(self, value: str, salt: str) -> Json:
        key = sealing_key(self.secret, salt)
        opened = jwe.decrypt_compact(value, key, algorithms=["dir", "A256CBC-HS512"])
        assert opened.plaintext is not None
        return parsed(opened.plaintext.decode())


def sealing_key(secret: str, salt: str) -> OctKey:
    """Return the key that the servers derive from their secret for what they encrypt."""
    derived = HKDF(SHA256(), 64, salt.encode(), b"BetterAuth.js Generated Encryption Key")
    return OctKey.import_key(derived.derive(secret.encode()))


def _header(token: str) -> Json:
    return parsed(_unpadded(token.split(".", maxsplit=1)[0]).decode())


def _unpadded(text: str) -> bytes:
    if "=" in text:
        raise ValueError("padded")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def joined(cookies: dict[str, str]) -> dict[str, str]:
    """Put the chunks of each chunked cookie together under the name they share."""
    whole: dict[str, str] = {}
    for name, value in cookies.items():
        chunk = CHUNK.fullmatch(name)
        if chunk is not None and value:
            whole[chunk["name"]] = whole.get(chunk["name"], "") + value
        else:
            whole[name] = value
    return whole


def forged(secret: str, value: str) -> str:
    """Return a cookie value as the servers sign it, for requests that carry a chosen one."""
    digest = hmac.new(secret.encode(), value.encode(), hashlib.sha256).digest()
    return quote(f"{value}.{base64.b64encode(digest).decode()}", safe=UNESCAPED)


def tampered_payload(value: str, **changes: Json) -> str:
    """Return a compact cached session whose payload says something else under the old signature."""
    envelope = json.loads(_unpadded(value))
    envelope["session"]["user"].update(changes)
    return base64.urlsafe_b64encode(compact(envelope).encode()).decode().rstrip("=")


def mailed_token(secret: str, claims: dict[str, Json], lifetime: int = 600) -> str:
    """Sign the token of a mailed link with a server's secret."""
    now = int(time.time())
    payload = compact({**claims, "iat": now, "exp": now + lifetime})
    signed = ".".join(_base64url(part.encode()) for part in ('{"alg":"HS256"}', payload))
    return f"{signed}.{_base64url(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
