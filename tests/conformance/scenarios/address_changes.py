"""Another address for a user, with every kind of proof."""

from tests.conformance.client import Client
from tests.conformance.cookie_values import mailed_token
from tests.conformance.normalise import Json
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.mail_flows import (
    AT_ONCE,
    BOTH_MAILBOXES,
    CACHED,
    NO_VERIFIER,
    OPTIONAL,
    arrive,
    user_id,
    users,
    verify_address,
)
from tests.conformance.stage import configuration

AT_ONCE_QUIETLY = configuration(
    "mail_at_once_quietly",
    session={"cookieCache": {"enabled": True, "maxAge": 300}},
    user={"changeEmail": {"enabled": True, "updateEmailWithoutVerification": True}},
)


@scenario(OPTIONAL, CACHED)
def an_address_is_changed_by_a_link_to_the_new_one(client: Client) -> None:
    arrive(client)
    client.post(
        "/change-email", {"newEmail": client.email("NEW"), "callbackURL": "/changed"}, label="unverified"
    )
    client.calls("unverified")
    verify_address(client)
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("new"), "callbackURL": "/changed"})
    link = client.link("to the new address")
    arrive(client.another("eve"), "eve")
    eve = client.another("eve")
    arrive(eve, "eve")
    eve.get(link, label="somebody else")
    client.get(link, label="clicked")
    client.calls("changed")
    client.get("/get-session", label="changed")
    client.get(link, label="again")
    users(client, "after")


@scenario(BOTH_MAILBOXES)
def both_mailboxes_are_asked(client: Client) -> None:
    arrive(client)
    verify_address(client)
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("new")})
    first = client.link("to the old address")
    other = client.another("other")
    other.get(first, label="signed out")
    second = client.link("to the new address")
    other.get(second, label="clicked")
    client.calls("changed")
    other.get("/get-session", label="nobody is signed in by that")
    client.get("/get-session", label="changed")
    client.get(first, label="again")
    users(client, "after")
    token = second.partition("token=")[2].partition("&")[0]
    client.get(f"/verify-email?token={token}", label="again, no page")


@scenario(BOTH_MAILBOXES)
def a_link_without_a_page_shows_the_changed_user(client: Client) -> None:
    arrive(client)
    verify_address(client)
    for purpose in ("change-email-confirmation", "change-email-verification"):
        claims: dict[str, Json] = {
            "email": client.email("ada"),
            "updateTo": client.email("new"),
            "requestType": purpose,
            "userId": user_id(client),
        }
        client.get(f"/verify-email?token={mailed_token(client.target.secret, claims)}", label=purpose)
        client.calls(purpose)
    users(client, "after")


@scenario(BOTH_MAILBOXES)
def an_unproved_mailbox_is_not_asked(client: Client) -> None:
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("new")})
    client.get(client.link("to the new address"), label="clicked")
    client.calls("changed")
    users(client, "after")


@scenario(AT_ONCE)
def an_unproved_address_is_changed_at_once(client: Client) -> None:
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("NEW"), "callbackURL": "/x"})
    client.calls("changed")
    client.get("/get-session", label="changed")
    users(client, "after")
    verify_address(client, "new")
    client.post("/change-email", {"newEmail": client.email("newer")}, label="verified")
    client.calls("verified")
    users(client, "verified")


@scenario(AT_ONCE, AT_ONCE_QUIETLY)
def an_address_changed_at_once_is_free(client: Client) -> None:
    arrive(client)
    arrive(client.another("eve"), "eve")
    client.get("/get-session")
    client.post("/change-email", {"newEmail": client.email("EVE")}, label="somebody else's")
    client.calls("somebody else's")
    client.get("/get-session", label="unchanged")
    client.post("/change-email", {"newEmail": client.email("new")}, label="free")
    client.calls("free")
    client.get("/get-session", label="changed")
    client.another("old address").sign_in()
    users(client, "changed")
    verify_address(client, "new")
    client.post(
        "/change-email?disableCookieCache=true", {"newEmail": client.email("newer")}, label="verified"
    )
    client.calls("verified")
    users(client, "verified")


@scenario(NO_VERIFIER)
def what_cannot_be_verified_is_not_changed(client: Client) -> None:
    client.sign_up()
    client.sign_in()
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("new")})
    verify_address(client)
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("new")}, label="verified")
    client.calls()


@scenario(OPTIONAL)
def strange_changes_of_address_are_refused(client: Client) -> None:
    arrive(client)
    arrive(client.another("eve"), "eve")
    for label, body in {
        "the same": {"newEmail": client.email("ada")},
        "the same in capitals": {"newEmail": client.email("ADA")},
        "somebody else's": {"newEmail": client.email("eve")},
        "no address": {"newEmail": "x"},
        "nothing": {},
        "evil page": {"newEmail": client.email("new"), "callbackURL": "https://evil.example"},
    }.items():
        client.post("/change-email", body, label=label)
        client.calls(label)
    client.another("nobody").post("/change-email", {"newEmail": client.email("new")}, label="signed out")


@scenario(OPTIONAL)
def a_new_address_may_be_taken_before_the_link_is_opened(client: Client) -> None:
    arrive(client)
    client.post("/change-email", {"newEmail": client.email("eve"), "callbackURL": "/x"})
    link = client.link()
    arrive(client.another("eve"), "eve")
    client.get(link, label="taken")
    client.get(link.partition("&")[0], label="taken, no page")
    users(client, "after")


@scenario(OPTIONAL)
def a_change_without_a_purpose(client: Client) -> None:
    for who, more in {"ada": {}, "eve": {"requestType": "x"}, "joan": {"userId": None}}.items():
        visitor = client.another(who)
        arrive(visitor, who)
        claims: dict[str, Json] = {
            "email": client.email(who),
            "updateTo": client.email(f"new-{who}"),
            "userId": user_id(client, who),
            **more,
        }
        given = {name: value for name, value in claims.items() if value is not None}
        visitor.get(f"/verify-email?token={mailed_token(client.target.secret, given)}&callbackURL=/")
        visitor.calls()
    users(client, "after")
