"""Flows that need a mail, as far as they can be seen without one."""

from tests.conformance.client import Client
from tests.conformance.scenarios import scenario
from tests.conformance.scenarios.accounts import COUNTS, write_deletion_token
from tests.conformance.scenarios.configurations import DEFAULT, DELETION


@scenario(DEFAULT)
def without_a_sender_there_is_no_mail(client: Client) -> None:
    client.arrive()
    client.get("/delete-user/callback?token=x", label="not enabled")
    client.post("/request-password-reset", {"email": client.email("ada")})
    client.post("/send-verification-email", {"email": client.email("ada")})
    client.post("/change-email", {"newEmail": "new@x.example"})


@scenario(DELETION)
def a_deletion_link_is_followed(client: Client) -> None:
    client.arrive()
    write_deletion_token(client, "linked-theirs", whose="'somebody else'")
    write_deletion_token(client, "linked-expired", expires="-1 hour")
    write_deletion_token(client, "linked-mine")
    link = "/delete-user/callback"
    client.get(link, label="no token")
    for token in ("unknown", "linked-theirs", "linked-expired"):
        client.get(f"{link}?token={token}")
    client.get(f"{link}?token=linked-mine&callbackURL=https://evil.example", label="untrusted")
    client.another("nobody").get(f"{link}?token=linked-mine", label="signed out")
    client.get(f"{link}?token=linked-mine&callbackURL=/bye", label="mine")
    client.get(f"{link}?token=linked-mine", label="again")
    client.rows("after", COUNTS, client.email("ada"))
