"""Configurations that more than one group of scenarios plays on."""

from tests.conformance.stage import configuration

DEFAULT = configuration("default")
CACHES = [
    configuration(
        f"cache_{strategy}",
        session={"cookieCache": {"enabled": True, "maxAge": 300, "strategy": strategy}},
        user={"deleteUser": {"enabled": True}},
    )
    for strategy in ("compact", "jwt", "jwe")
]
DELETION = configuration("deletion", user={"deleteUser": {"enabled": True}})
REDIS = configuration("redis_sessions", redis=True, user={"deleteUser": {"enabled": True}})
REDIS_AND_DATABASE = configuration(
    "redis_and_database",
    redis=True,
    session={"storeSessionInDatabase": True},
    user={"deleteUser": {"enabled": True}},
)
