"""Every provider is asked what the reference's own provider objects ask, and its answers mean the same."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ostiary import Options
from ostiary.domain.oauth import CodeGrant
from ostiary.domain.runtime import SystemRuntime
from ostiary.options.social_mapping import BY_NAME
from ostiary.services.oauth.authorization import authorization_url
from ostiary.services.oauth.failure import ProviderFailed
from ostiary.services.oauth.provider import AuthorizationRequest
from tests.builders import ORIGIN, SECRET, some_auth
from tests.provider_cases import CASES, answers_of
from tests.stand_ins import LedAside, StandIns, stand_ins

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def providers() -> Iterator[StandIns]:
    with stand_ins() as running:
        running.answers.update({name: answers_of(case) for name, case in CASES.items()})
        yield running


@pytest.fixture(scope="module")
def theirs(providers: StandIns) -> Mapping[str, Any]:
    """Ask the reference about all cases at once."""
    cases = [{**case, "name": f"theirs.{name}"} for name, case in CASES.items()]
    finished = subprocess.run(
        ["node", "--no-warnings", str(HERE / "latest" / "providers.mjs")],
        input=json.dumps({"site": providers.origin, "cases": cases}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    outcomes: Mapping[str, Any] = json.loads(finished.stdout)
    return outcomes


async def played(case: Mapping[str, Any], providers: StandIns) -> dict[str, Any]:
    """Do with our provider what `providers.mjs` does with theirs."""
    mapping = {"secret": SECRET, "baseURL": ORIGIN, "socialProviders": {case["provider"]: case["options"]}}
    client = LedAside(providers.origin, f"ours.{case['name']}")
    auth = some_auth(Options.from_mapping(mapping), SystemRuntime(), http_client=client)  # type: ignore[arg-type]
    social = auth.services.social
    try:
        provider = await social.directory.find(case["provider"])
        assert provider is not None
        request = AuthorizationRequest(
            state=case["state"],
            code_verifier=case["verifier"],
            redirect_uri=provider.settings.redirect_uri or case["redirectURI"],
            scopes=tuple(case["request"]["scopes"]),
            login_hint=case["request"]["loginHint"],
            additional=case["request"].get("additionalParams", {}),
        )
        grant = CodeGrant(
            code=case["code"],
            code_verifier=case["verifier"],
            redirect_uri=provider.settings.redirect_uri or case["redirectURI"],
            device_id=case.get("deviceId"),
        )
        tokens = await social.client.exchange_code(provider, grant)
        try:
            profile = await social.client.profile(provider, tokens, posted=case.get("posted"))
        except ProviderFailed:
            profile = None
        if case["renews"]:
            await social.client.renew(provider, "a refresh token")
    finally:
        await auth.close()
    return {"url": authorization_url(provider, request), "scopes": tokens.scopes, "profile": profile}


def test_every_provider_of_the_reference_is_there_and_has_a_case() -> None:
    script = (
        'import("@better-auth/core/social-providers").then((m) => console.log(m.socialProviderList.join()))'
    )
    listed = subprocess.run(
        ["node", "-e", script], cwd=HERE / "latest", capture_output=True, text=True, timeout=60, check=True
    )
    names = set(listed.stdout.strip().split(","))
    assert len(names) == 36
    assert names <= set(BY_NAME)
    assert {case["provider"] for case in CASES.values()} == set(BY_NAME)


@pytest.mark.parametrize("name", CASES)
async def test_a_provider_is_asked_and_understood_as_the_reference_does(
    name: str, providers: StandIns, theirs: Mapping[str, Any]
) -> None:
    expected, ours = theirs[f"theirs.{name}"], await played(CASES[name], providers)
    assert "error" not in expected, expected
    assert ours["url"] == expected["url"]
    assert providers.asked[f"ours.{name}"] == providers.asked[f"theirs.{name}"]
    assert list(ours["scopes"]) == expected["scopes"]
    info, profile = expected["info"], ours["profile"]
    if info is None or expected["subject"] in {None, "", " "}:
        assert profile is None
        return
    assert profile is not None
    assert profile.subject == str(expected["subject"])
    assert {key: value for key, value in profile.user.items() if value} == {
        key: value for key, value in info["user"].items() if value
    }
    if "preset" not in CASES[name]:  # the reference's presets keep little of what they are told
        assert profile.data == info["data"]
