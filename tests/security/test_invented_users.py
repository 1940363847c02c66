"""A sign-up under a known address shows an invented user: with serial ids, too, nothing gives it away."""

import pytest

from ostiary import Advanced, Auth, EmailAndPassword
from ostiary.domain.schema import Field
from ostiary.options import UserOptions
from tests.builders import PASSWORD
from tests.security.conftest import Place
from tests.security.exchange import exchange
from tests.security.surface import everything_in, surface_options

QUIET = EmailAndPassword(enabled=True, auto_sign_in=False)
NICKNAME = Field[str | None](name="nickname", required=False, unique=True)
LOCAL = pytest.mark.parametrize("place", ["memory", "sqlite"], indirect=True)


async def numbered(place: Place) -> Auth:
    user = UserOptions(additional_fields=(NICKNAME,))
    return await place.open(
        surface_options(email_and_password=QUIET, advanced=Advanced(generate_id="serial"), user=user)
    )


async def sign_up(auth: Auth, name: str, **more: str) -> str:
    """Return the id that the answer shows."""
    body = {"name": name, "email": f"{name}@example.com", "password": PASSWORD, **more}
    answer = await exchange(auth, "POST", "/sign-up/email", send=body)
    assert answer.status == 200, answer.body
    return str(answer.json()["user"]["id"])


@LOCAL
async def test_the_number_of_an_invented_user_is_the_one_a_new_user_would_get(place: Place) -> None:
    """S48: known and unknown addresses in any order show consecutive numbers."""
    auth = await numbered(place)
    names = ["ada", "ada", "bob", "ada", "ada", "cid", "bob", "dan"]
    assert [await sign_up(auth, name) for name in names] == [str(number) for number in range(1, 9)]


@LOCAL
async def test_an_invented_user_leaves_nothing_but_a_gap(place: Place) -> None:
    """S48: no row stays, and what must be unique stays free for others."""
    auth = await numbered(place)
    await sign_up(auth, "ada", nickname="countess")
    before = await everything_in(auth.services.store)
    for _ in range(2):
        await sign_up(auth, "ada", nickname="byron")
    assert await everything_in(auth.services.store) == before
    assert await sign_up(auth, "bob", nickname="byron") == "4"
