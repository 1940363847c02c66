"""Bodies and queries of wrong shape and type on the routes of mails, and forms where none is expected."""

from tests.conformance.client import UNSET, Client
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import NEW_PASSWORD
from tests.conformance.scenarios.bodies import wrong_types
from tests.conformance.scenarios.mail_flows import OPTIONAL, arrive, users

ROUTES: dict[str, tuple[dict[str, Json], tuple[str, ...]]] = {
    "/request-password-reset": ({"email": "nobody@x.example"}, ("redirectTo", "callbackURL")),
    "/reset-password": ({"newPassword": NEW_PASSWORD, "token": "x" * 24}, ("callbackURL",)),
    "/send-verification-email": ({"email": "nobody@x.example"}, ("callbackURL",)),
    "/change-email": ({"newEmail": "new@x.example"}, ("callbackURL",)),
    "/delete-user": ({"token": "x"}, ("callbackURL", "password")),
    "/unlink-account": ({"providerId": "github"}, ("accountId",)),
    "/update-session": ({"colour": "red"}, ("callbackURL",)),
}


@scenario(OPTIONAL)
def routes_of_mails_check_types(client: Client) -> None:
    arrive(client)
    for path, (good, optional) in ROUTES.items():
        wrong_types(client, path, good, *optional)
    client.calls()
    users(client, "unchanged")


@scenario(OPTIONAL)
def whoever_is_signed_out_is_told_so_first(client: Client) -> None:
    for path, (good, optional) in ROUTES.items():
        if path not in {"/request-password-reset", "/send-verification-email"}:
            client.post(path, {}, label="empty")
            client.post(path, {**good, **dict.fromkeys(optional, 7)}, label="wrong types")
            client.post(path, label="no body")


@scenario(OPTIONAL)
def forms_are_for_signing_in_and_up(client: Client) -> None:
    arrive(client)
    for path, (good, _) in ROUTES.items():
        fields = {name: str(value) for name, value in good.items()}
        client.post(path, form=fields, label="form")
        client.post(path, raw=b"{}", content_type="text/plain", label="text")
        client.post(path, raw=b"{", content_type="application/json", label="broken")
    for path in ("/change-password", "/verify-password", "/revoke-session", "/update-user", "/link-social"):
        client.post(path, form={"password": "x", "token": "x", "name": "x"}, label="form")
    for path in ("/sign-in/social", "/sign-out", "/revoke-sessions", "/get-access-token", "/refresh-token"):
        client.post(path, form={"provider": "x"}, label="form")
    users(client, "unchanged")


@scenario(OPTIONAL)
def mailed_links_take_texts_once(client: Client) -> None:
    for query in (
        "",
        "?token",
        "?token=",
        "?token=&callbackURL=/in",
        "?token=x&callbackURL=",
        "?token=x&callbackURL",
        "?token=x&callbackURL=/a&callbackURL=/b",
        "?token=x&callbackURL=%2Fa%0A",
        "?token[]=x",
        "?token=x&other=y",
        "?token=%00",
        "?token=%ff",
        "?callbackURL=/in",
    ):
        for path in ("/verify-email", "/delete-user/callback", "/reset-password/x"):
            client.get(f"{path}{query}")
    for path in ("/verify-email", "/delete-user/callback", "/reset-password/x"):
        for method in ("POST", "HEAD", "PUT"):
            client.send(method, f"{path}?token=x&callbackURL=/in", body={} if method == "POST" else UNSET)
