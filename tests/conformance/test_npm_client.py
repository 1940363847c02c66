"""The npm client itself, vanilla and React, against the reference and against Ostiary."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conformance.client import Target
from tests.conformance.normalise import Json
from tests.conformance.npm import comparable, run
from tests.conformance.stage import Stage, configuration

pytestmark = pytest.mark.services
DELETION: Json = {"deleteUser": {"enabled": True}}
PLAIN = configuration("npm_client", user=DELETION)
TOKENS = configuration("npm_client_tokens", plugins={"jwt": {}, "bearer": {}})
MAIL = configuration(
    "npm_client_mail",
    emailAndPassword={"enabled": True, "requireEmailVerification": True, "sendResetPassword": "recorded"},
    emailVerification={"sendVerificationEmail": "recorded", "autoSignInAfterVerification": True},
    user={
        "changeEmail": {"enabled": True},
        "deleteUser": {"enabled": True, "sendDeleteAccountVerification": "recorded"},
    },
)
CACHED = configuration("npm_client_cache", user=DELETION, session={"cookieCache": {"enabled": True}})


def alike(stage: Stage, journey: str, **settings: Json) -> None:
    """Play a journey on every server and compare its account of each with that of the newest reference."""

    def play(target: object) -> str:
        assert isinstance(target, Target), target
        return comparable(run(journey, [target.port], 1, **settings))

    with ThreadPoolExecutor() as pool:
        _, newest, subject = pool.map(play, stage.targets.values())
    assert subject == newest


@pytest.mark.parametrize("stage", [PLAIN, CACHED], indirect=True, ids=lambda it: it.name, scope="session")
def test_a_person_lives_a_whole_life_with_the_vanilla_client(stage: Stage) -> None:
    alike(stage, "journey", rounds=1, steps=True)


@pytest.mark.parametrize("stage", [PLAIN], indirect=True, ids=lambda it: it.name, scope="session")
def test_the_session_store_asks_again_after_every_mutation(stage: Stage) -> None:
    alike(stage, "session_store")


@pytest.mark.parametrize("stage", [PLAIN], indirect=True, ids=lambda it: it.name, scope="session")
def test_a_react_page_shows_who_is_signed_in(stage: Stage) -> None:
    alike(stage, "react_page")


@pytest.mark.parametrize("stage", [TOKENS], indirect=True, ids=lambda it: it.name, scope="session")
def test_the_client_gets_tokens_that_jose_proves(stage: Stage) -> None:
    alike(stage, "tokens", rounds=1)


@pytest.mark.parametrize("stage", [MAIL], indirect=True, ids=lambda it: it.name, scope="session")
def test_the_client_follows_links_of_mails(stage: Stage) -> None:
    alike(stage, "mail")
