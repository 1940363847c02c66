"""The deny list ends tokens of sessions, of barred people, and of roles that somebody no longer has."""

from datetime import timedelta

import pytest

from ostiary.domain.errors import StorageUnavailable
from ostiary.domain.roles import BANNED
from ostiary.domain.runtime import FrozenRuntime
from ostiary.plugins import Admin, Jwt
from ostiary.services.deny_list import DenyList
from ostiary.storage.memory import MemoryKeyValue
from ostiary.storage.redis import RedisKeyValue
from ostiary.verification.principal import Principal, PrincipalReader
from tests.builders import Browser, some_auth

LIFE = timedelta(minutes=16)


@pytest.fixture
def kept(clock: FrozenRuntime) -> MemoryKeyValue:
    return MemoryKeyValue(clock)


@pytest.fixture
def denials(kept: MemoryKeyValue) -> DenyList:
    return DenyList(kept, LIFE)


def bearer(**claims: object) -> Principal:
    return PrincipalReader().read({"sub": "ada", "sid": "one", "role": "user", **claims})


async def test_a_token_of_whom_nothing_is_noted_lives(denials: DenyList) -> None:
    assert await denials.refuses(bearer()) is None


async def test_a_token_dies_with_its_session_and_only_with_its_own(denials: DenyList) -> None:
    """S26"""
    await denials.deny_session("one")
    assert await denials.refuses(bearer()) == "its session has ended"
    assert await denials.refuses(bearer(sid="two")) is None
    assert await denials.refuses(bearer(sid=None)) is None


async def test_only_what_has_no_note_at_all_is_cleared_without_asking(kept: MemoryKeyValue) -> None:
    """S26"""
    own, shared = DenyList(kept, LIFE, holds=kept.holds), DenyList(kept, LIFE)
    assert (own.asks, shared.asks) == (False, True)
    assert own.clears(bearer())
    assert not shared.clears(bearer()), "another process may have noted something"
    await own.deny_session("one")
    assert not own.clears(bearer())
    assert own.clears(bearer(sid="two"))
    await own.describe_user("ada", "user", barred=False)
    assert not own.clears(bearer(sid="two"))


async def test_a_token_dies_when_its_bearer_gets_another_role(denials: DenyList) -> None:
    """S26"""
    await denials.describe_user("ada", "admin", barred=False)
    assert await denials.refuses(bearer()) == "its bearer has another role now"
    assert await denials.refuses(bearer(role="admin")) is None
    assert await denials.refuses(bearer(role=None)) == "its bearer has another role now"
    assert await denials.refuses(PrincipalReader().read({"sub": "ada"})) is None, "it says nothing of roles"


async def test_a_note_says_nothing_of_tokens_that_were_issued_well_after_it(
    denials: DenyList, clock: FrozenRuntime
) -> None:
    """S26: another program may have changed the user since, and whoever issued the token has read that."""
    noted = int(clock.now().timestamp())
    for barred in (False, True):
        await denials.describe_user("ada", "admin", barred=barred, at=clock.now())
        for issued in (noted - 900, noted, noted + 60):
            assert await denials.refuses(bearer(iat=issued)) is not None
        assert await denials.refuses(bearer(iat=noted + 61)) is None
        assert await denials.refuses(bearer()) is not None


async def test_every_token_of_a_barred_person_dies_until_the_person_is_admitted_again(
    denials: DenyList,
) -> None:
    """S26"""
    await denials.describe_user("ada", "user", barred=True)
    assert await denials.refuses(bearer()) == "its bearer is barred"
    assert await denials.refuses(bearer(sub="bob")) is None
    await denials.describe_user("ada", "user", barred=False)
    assert await denials.refuses(bearer()) is None


@pytest.mark.parametrize("note", ["", "null", "[]", "{}", '{"barred":0}', '{"role":"user"}', "{"])
async def test_a_note_that_cannot_be_read_bars(denials: DenyList, kept: MemoryKeyValue, note: str) -> None:
    await kept.set("token-user:ada", note)
    assert await denials.refuses(bearer()) == "its bearer is barred"


async def test_a_note_outlives_the_last_token_and_not_more(denials: DenyList, clock: FrozenRuntime) -> None:
    await denials.deny_session("one")
    clock.advance(LIFE - timedelta(seconds=1))
    assert await denials.refuses(bearer()) is not None
    clock.advance(seconds=1)
    assert await denials.refuses(bearer()) is None


async def test_without_its_store_nothing_is_accepted_unless_the_operator_says_so() -> None:
    """S86"""
    away = RedisKeyValue.from_url("redis://127.0.0.1:1")
    with pytest.raises(StorageUnavailable):
        await DenyList(away, LIFE).refuses(bearer())
    assert await DenyList(away, LIFE, required=False).refuses(bearer()) is None


class Gone(MemoryKeyValue):
    """A store that takes no notes any more."""

    async def set(self, key: str, value: str, ttl: timedelta | None = None) -> None:
        raise StorageUnavailable("nobody answers")


async def test_a_ban_that_cannot_be_noted_is_no_ban_yet_and_a_new_name_needs_no_note(
    clock: FrozenRuntime,
) -> None:
    """S26, S86"""
    auth = some_auth(clock=clock, key_value=Gone(clock), plugins=[Admin(), Jwt()])
    async with Browser(auth) as browser:
        known = (await browser.sign_up())["user"]
        assert (await browser.post("/update-user", json={"name": "Ada L."})).status_code == 200
        assert (await browser.session())["user"]["name"] == "Ada L."
        user = await auth.services.users.by_id(known["id"])
        assert user is not None
        with pytest.raises(StorageUnavailable):
            await auth.services.users.change(user, {BANNED: True})
    await auth.close()
