"""The two questions that every request or sign-in asks, each answered by one statement."""

from dataclasses import replace
from datetime import timedelta

from ostiary.domain.models import ACCOUNT, ID, SESSION, USER, AccountFields, SessionFields
from ostiary.storage.store import Store
from tests.contract.rows import NOW, TAGS, a_session, a_user, an_account


async def test_a_token_leads_to_its_session_and_its_user(store: Store) -> None:
    user = await store.rows(USER).insert(a_user(tags=["x"], bornAt=NOW, vip=True))
    other = await store.rows(USER).insert(a_user("other@example.com"))
    session = await store.rows(SESSION).insert(a_session(user, "mine"))
    await store.rows(SESSION).insert(a_session(other, "theirs"))
    found = await store.session_with_user("mine")
    assert found is not None
    assert (found.session, found.user) == (session, user)
    assert found.user[TAGS] == ["x"]


async def test_an_unknown_token_leads_nowhere(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(SESSION).insert(a_session(user, "token"))
    for token in ("", "tokem", "TOKEN", "token ", "%", "token'--", "x" * 5000, "töken"):
        assert await store.session_with_user(token) is None


async def test_an_expired_session_is_returned_for_its_reader_to_judge(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(SESSION).insert(a_session(user, expires_at=NOW - timedelta(days=900)))
    assert await store.session_with_user("token") is not None


async def test_a_session_whose_user_went_is_gone(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(SESSION).insert(a_session(user))
    await store.rows(USER).delete(ID.equals(user.id))
    assert await store.session_with_user("token") is None


async def test_a_change_of_the_session_is_seen_by_the_next_reader(store: Store, another: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    session = await store.rows(SESSION).insert(a_session(user))
    assert await another.session_with_user("token") is not None
    later = NOW + timedelta(days=14)
    await store.rows(SESSION).update({SessionFields.EXPIRES_AT: later}, SessionFields.TOKEN.equals("token"))
    found = await another.session_with_user("token")
    assert found is not None
    assert found.session == replace(session, expires_at=later)


async def test_an_address_leads_to_the_user_and_the_account_with_the_password(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(ACCOUNT).insert(an_account(user, "google", account_id="1234", password=None))
    account = await store.rows(ACCOUNT).insert(an_account(user))
    await store.rows(ACCOUNT).insert(an_account(user, "github", account_id=user.id, password=None))
    found = await store.credential("ada@example.com")
    assert found is not None
    assert (found.user, found.account) == (user, account)


async def test_a_user_without_a_password_is_found_without_an_account(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(ACCOUNT).insert(an_account(user, "google", password=None))
    found = await store.credential("ada@example.com")
    assert found is not None
    assert (found.user, found.account) == (user, None)


async def test_a_credential_account_in_the_name_of_somebody_else_is_not_taken(store: Store) -> None:
    user = await store.rows(USER).insert(a_user())
    await store.rows(ACCOUNT).insert(an_account(user, account_id="somebody-else"))
    found = await store.credential("ada@example.com")
    assert found is not None
    assert found.account is None


async def test_an_unknown_address_leads_nowhere(store: Store) -> None:
    await store.rows(USER).insert(a_user())
    for address in ("", "eve@example.com", "%", "ada@example.co_", "ada@example.com ", "ADA@EXAMPLE.COM"):
        assert await store.credential(address) is None


async def test_two_credential_accounts_are_both_there_for_whoever_asks(store: Store) -> None:
    """The table has no unique key on provider and subject; a reader must be able to see a duplicate."""
    user = await store.rows(USER).insert(a_user())
    for _ in range(2):
        await store.rows(ACCOUNT).insert(an_account(user, "google", account_id="1234"))
    where = (AccountFields.PROVIDER_ID.equals("google"), AccountFields.ACCOUNT_ID.equals("1234"))
    assert len(await store.rows(ACCOUNT).all(*where, limit=2)) == 2
