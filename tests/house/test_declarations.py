"""Declarations are complete: routes, limits, refusals."""

from ostiary.domain.errors import ErrorCode, Errors
from ostiary.http.api import Api
from ostiary.http.endpoint import DefaultLimit
from ostiary.http.routes import core_endpoints
from ostiary.options import RateLimit

ROUTED = {
    ("GET", "/ok"),
    ("GET", "/probe"),
    ("GET", "/error"),
    ("POST", "/sign-up/email"),
    ("POST", "/sign-in/email"),
    ("POST", "/sign-in/social"),
    ("GET", "/callback/{provider}"),
    ("POST", "/callback/{provider}"),
    ("POST", "/link-social"),
    ("POST", "/unlink-account"),
    ("GET", "/list-accounts"),
    ("POST", "/get-access-token"),
    ("POST", "/refresh-token"),
    ("GET", "/account-info"),
    ("POST", "/sign-out"),
    ("GET", "/get-session"),
    ("POST", "/get-session"),
    ("GET", "/list-sessions"),
    ("POST", "/revoke-session"),
    ("POST", "/revoke-sessions"),
    ("POST", "/revoke-other-sessions"),
    ("POST", "/update-session"),
    ("POST", "/update-user"),
    ("POST", "/change-password"),
    ("POST", "/verify-password"),
    ("POST", "/delete-user"),
    ("GET", "/delete-user/callback"),
    ("POST", "/change-email"),
    ("POST", "/send-verification-email"),
    ("GET", "/verify-email"),
    ("POST", "/request-password-reset"),
    ("GET", "/reset-password/{token}"),
    ("POST", "/reset-password"),
}
IN_PROCESS_ONLY = {"set_password"}


def catalogue() -> dict[str, ErrorCode]:
    return {name: entry for name, entry in vars(Errors).items() if isinstance(entry, ErrorCode)}


def test_exactly_the_allowed_routes_are_routed() -> None:
    """S76"""
    endpoints = core_endpoints()
    assert {(method, e.path) for e in endpoints for method in e.methods} == ROUTED
    assert {e.name for e in endpoints if not e.is_routed} == IN_PROCESS_ONLY


def test_every_endpoint_can_be_called_in_process() -> None:
    callable_names = {name for name in vars(Api) if not name.startswith("_")}
    only_redirecting = {"error", "callback", "reset_password_callback"}
    only_over_http = {"probe"}  # it is about the way there
    assert {e.name for e in core_endpoints()} - only_redirecting - only_over_http <= callable_names


def test_every_endpoint_has_a_limit_or_says_that_it_has_none() -> None:
    for endpoint in core_endpoints():
        assert endpoint.rate_limit is None or isinstance(endpoint.rate_limit, (RateLimit, DefaultLimit))
    tight = {e.name for e in core_endpoints() if isinstance(e.rate_limit, RateLimit)}
    assert {"sign_in_email", "sign_up_email", "change_password"} <= tight


def test_every_endpoint_is_described() -> None:
    assert [
        e.name for e in core_endpoints() if not e.summary.endswith((".", "works without one, too."))
    ] == []


def test_every_declared_refusal_is_in_the_catalogue_under_its_name() -> None:
    for name, entry in catalogue().items():
        assert entry.name == name
    known = {(entry.name, entry.message) for entry in catalogue().values()}
    for endpoint in core_endpoints():
        assert {(entry.name, entry.message) for entry in endpoint.raises} <= known


def test_a_catalogue_entry_keeps_its_first_name() -> None:
    class Elsewhere:
        refusal = Errors.INVALID_EMAIL

    assert Elsewhere.refusal.name == "INVALID_EMAIL"
