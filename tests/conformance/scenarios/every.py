"""All scenarios, grouped by configuration."""

from tests.conformance.scenarios import (
    SCENARIOS as _REGISTERED,
)
from tests.conformance.scenarios import (
    accounts,
    bodies,
    cookie_cache,
    cookie_names,
    cookies,
    features,
    fields,
    ids,
    origins,
    rate_limits,
    redis_sessions,
    routing,
    session_life,
    sessions,
    sign_in,
    sign_up,
)

GROUPS = (
    accounts, bodies, cookie_cache, cookie_names, cookies, features, fields, ids, origins, rate_limits,
    redis_sessions, routing, session_life, sessions, sign_in, sign_up,
)
SCENARIOS = sorted(_REGISTERED, key=lambda scenario: scenario.configuration.name)
