"""What each provider says of realistic people, and what is asked of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ostiary.domain.runtime import SystemRuntime
from tests.builders import ORIGIN
from tests.mint import Mint

WHO = {"clientId": "our client", "clientSecret": "our secret: ü/+*~"}
TOKEN = {
    "access_token": "an access token",
    "refresh_token": "a refresh token",
    "token_type": "bearer",
    "expires_in": 3600,
    "scope": "one two",
}
FLOW = {
    "state": "the-state",
    "verifier": "v" * 64,
    "code": "the code",
    "redirectURI": f"{ORIGIN}/api/auth/callback/x",
}


def described() -> dict[str, dict[str, Any]]:
    """Return every case by name, whole."""
    given = json.loads((Path(__file__).with_suffix(".json")).read_text())
    cases: dict[str, dict[str, Any]] = {}
    for provider, each in given.items():
        for case in each:
            options = {**WHO, **case.get("options", {})}
            request = {"scopes": ["asked"], "loginHint": "ada@example.com", **case.get("request", {})}
            name = f"{provider}-{case['label'].replace(' ', '-').replace(',', '')}"
            cases[name] = {
                "renews": True,
                **FLOW,
                **case,
                "name": name,
                "provider": provider,
                "options": {key: value for key, value in options.items() if value is not None},
                "request": request,
            }
    return cases


CASES = described()


def answers_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the provider says, tokens included."""
    token = {**case.get("token", TOKEN)}
    if "claims" in case:
        claims = {key: ... if value == "..." else value for key, value in case["claims"].items()}
        audience = {"aud": case["options"]["clientId"]}
        token["id_token"] = Mint("", SystemRuntime()).token("RS256", **audience, **claims)  # type: ignore[arg-type]
    return {**case.get("answers", {}), "token": token}
