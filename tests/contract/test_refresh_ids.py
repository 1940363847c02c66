"""Refresh tokens on every database, with every form of identifier, wherever sessions live."""

from collections.abc import Callable

import pytest

from ostiary import Advanced, SessionOptions
from ostiary.domain.runtime import SystemRuntime, UuidRuntime
from ostiary.storage import migrations
from ostiary.storage.memory import MemoryKeyValue
from tests.builders import some_options
from tests.contract.places import Place
from tests.pairs import families, logged_in, pair_auth, program, refresh, refreshed, signed_up


@pytest.mark.parametrize("in_key_value", [False, True], ids=["rows", "key-value"])
@pytest.mark.parametrize("ids", ["random", "uuid", "serial"])
async def test_a_family_belongs_to_its_session_whatever_identifiers_look_like(
    sql_place: Place, scratch: Callable[[Place, str], str], ids: str, in_key_value: bool
) -> None:
    runtime = UuidRuntime() if ids == "uuid" else SystemRuntime()
    options = some_options(
        advanced=Advanced(generate_id=ids),
        session=SessionOptions(store_in_key_value=in_key_value),
    )
    key_value = MemoryKeyValue(runtime) if in_key_value else None
    url = scratch(sql_place, "identifiers")
    auth = pair_auth(options=options, clock=runtime, database=url, key_value=key_value)
    await migrations.apply(url, auth.schema)
    assert not (await migrations.apply(url, auth.schema)).additions
    async with program(auth) as client:
        pair = await signed_up(client)
        pair = await refreshed(client, pair.refresh)
        again = await logged_in(client)
        me = (await client.get("/me", headers=pair.bearer)).json()
        assert me["id"] == pair.body["user"]["id"]
        assert me["last_login_at"] > pair.body["user"]["last_login_at"]
        assert len(await families(auth)) == 2
        assert (await client.post("/logout", headers=pair.bearer)).status_code == 204
        assert (await refresh(client, pair.refresh)).status_code == 401
        assert len(await families(auth)) == 1
        user = await auth.services.users.by_id(me["id"])
        assert user is not None
        await auth.services.users.delete(user)
        assert (await refresh(client, again.refresh)).status_code == 401
        assert await families(auth) == []
    await auth.close()
