"""The session cached in a cookie, in three encodings."""

from tests.conformance.client import PASSWORD, Client
from tests.conformance.cookie_values import tampered_payload
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.configurations import CACHES
from tests.conformance.scenarios.session_life import OWNER, age
from tests.conformance.stage import SECRET, configuration

VERSIONED = configuration(
    "cache_versioned", session={"cookieCache": {"enabled": True, "version": "7", "maxAge": 600}}
)
OFF = configuration("cache_off", session={"cookieCache": {"enabled": False, "maxAge": 60}})
REFRESHED = configuration(
    "cache_refresh_ignored", session={"cookieCache": {"enabled": True, "refreshCache": True}}
)
DEFAULT_AGE = configuration("cache_default_age", session={"cookieCache": {"enabled": True}})
ROTATED = [
    configuration(
        f"cache_{strategy}_versioned_secrets",
        secret=None,
        secrets=[{"version": 3, "value": SECRET}, {"version": 1, "value": f"old-{SECRET}"}],
        session={"cookieCache": {"enabled": True, "strategy": strategy}},
    )
    for strategy in ("compact", "jwe")
]
DATA = "better-auth.session_data"


@scenario(*CACHES, VERSIONED, OFF, REFRESHED, DEFAULT_AGE, *ROTATED)
def the_cache_is_written_and_read(client: Client) -> None:
    client.sign_up()
    client.get("/get-session", label="cached")
    client.get("/get-session?disableCookieCache=1", label="not from the cache")
    client.get("/list-sessions")
    client.jar.pop(DATA, None)
    client.get("/get-session", label="cache lost")
    client.get("/get-session", label="cached again")
    client.post("/sign-out", {})


def cached(client: Client, who: str = "ada") -> None:
    """Be a person whose browser has a cached session."""
    client.arrive(who)
    client.get("/get-session", label="fills the cache")


@scenario(*CACHES)
def the_cache_hides_changes_until_it_is_renewed(client: Client) -> None:
    cached(client)
    client.sql("UPDATE \"user\" SET name = 'Changed' WHERE email = $1", client.email("ada"))
    client.get("/get-session", label="cached")
    client.get("/get-session?disableCookieCache=true", label="read")
    client.get("/get-session", label="cached, renewed")
    client.sql(f"DELETE FROM session WHERE {OWNER}", client.email("ada"))
    client.get("/get-session", label="cached though deleted")
    client.get("/list-sessions", label="cached though deleted")
    client.post("/update-user", {"name": "Cached"}, label="cached though deleted")
    client.post("/verify-password", {"password": PASSWORD}, label="always read")
    client.get("/get-session", label="signed out")


@scenario(*CACHES)
def a_session_that_is_not_remembered_has_a_short_cache(client: Client) -> None:
    client.arrive()
    client.sign_in(rememberMe=False)
    client.get("/get-session", label="cached")
    client.jar.pop(DATA)
    client.get("/get-session", label="cache lost")
    client.post("/update-user", {"name": "x"})
    client.sign_in()
    client.get("/get-session", label="remembered")


@scenario(*CACHES)
def the_cache_outlives_the_session_never(client: Client) -> None:
    cached(client)
    age(client, 7 * 24 * 60 - 2)
    client.jar.pop(DATA)
    client.get("/get-session?disableRefresh=1", label="two minutes left, not slid")
    client.jar.pop(DATA, None)
    client.get("/get-session", label="slid")


@scenario(CACHES[0])
def a_tampered_cache_is_not_believed(client: Client) -> None:
    cached(client)
    client.jar[DATA] = tampered_payload(client.jar[DATA], email="evil@x.example")
    client.get("/get-session")
    client.get("/get-session", label="renewed")


@scenario(*CACHES)
def the_cache_of_another_session_is_not_believed(client: Client) -> None:
    cached(client)
    other = client.another("other")
    cached(other, "bob")
    client.jar[DATA] = other.jar[DATA]
    client.get("/get-session")
    client.get("/get-session", label="renewed")


@scenario(*CACHES)
def a_large_cache_is_cut_into_chunks(client: Client) -> None:
    client.sign_up(image=f"https://img.example/{'x' * 6000}.png")
    client.get("/get-session", label="cached")
    client.get("/get-session?disableCookieCache=1", label="rewritten")
    client.post("/update-user", {"image": "https://img.example/small.png"}, label="small again")
    client.get("/get-session", label="cached")
    client.post("/update-user", {"image": f"https://img.example/{'y' * 9000}.png"}, label="larger")
    client.post("/sign-out", {})
    client.get("/get-session")


@scenario(*CACHES)
def a_cache_that_is_too_large_is_not_written(client: Client) -> None:
    client.sign_up(image=f"https://img.example/{'x' * 420_000}.png")


@scenario(*CACHES)
def odd_text_survives_the_cache(client: Client) -> None:
    cached(client)
    client.post("/update-user", {"name": 'Ädä 🦉 "q" \\ / \u2028 <&> \u007f'}, label="odd text")
    client.get("/get-session", label="cached")
    client.post("/update-user", {"name": "2026-01-01T00:00:00Z"}, label="looks like a time")
    client.get("/get-session", label="looks like a time")
    client.post("/update-user", {"name": "2026-01-01T00:00:00.000Z"}, label="looks like an exact time")
    client.get("/get-session", label="looks like an exact time")


@scenario(CACHES[0], CACHES[2])
def the_cache_is_renewed_when_the_session_slides(client: Client) -> None:
    cached(client)
    age(client, 25 * 60)
    client.get("/get-session", label="cached, not slid")
    client.get("/get-session?disableCookieCache=1", label="slid")
    client.get("/get-session", label="cached, slid")
