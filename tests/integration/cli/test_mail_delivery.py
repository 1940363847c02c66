"""`ostiary serve` delivers its mail: several workers, one mail server, each message once."""

import asyncio
from pathlib import Path

import httpx2

from tests.builders import PASSWORD
from tests.mail_server import PASSWORD as MAIL_PASSWORD
from tests.mail_server import USER, Mailboxes, mail_server, make_authority

from .conftest import Serving

MANY = 12


async def sign_up(client: httpx2.AsyncClient, number: int) -> None:
    """Sign up from an address of one's own: one address signs up three times in ten seconds."""
    body = {"name": "Ada", "email": f"{number}@example.com", "password": PASSWORD}
    headers = {"x-forwarded-for": f"198.51.100.{number}", "connection": "close"}
    answer = await client.post("/api/auth/sign-up/email", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_serve_delivers_each_mail_once_whichever_worker_took_its_cause(
    configured: Path, serving: Serving
) -> None:
    boxes, authority = Mailboxes(), make_authority(configured)
    async with mail_server(boxes, starttls=authority.context, asks_password=True) as port:
        login = f"{USER}:{MAIL_PASSWORD.replace(' ', '%20').replace('&', '%26')}"
        with (configured / ".env").open("a") as file:
            file.write(f"SMTP_URL=smtp+starttls://{login}@127.0.0.1:{port}?ca={authority.ca_file}\n")
            file.write("MAIL_FROM=Tasks <accounts@app.example>\n")
        with (configured / "ostiary.toml").open("a") as file:
            file.write('trusted_proxies = ["127.0.0.1"]\n[options.emailVerification]\nsendOnSignUp = true\n')
        server = await asyncio.to_thread(serving, "-m", "ostiary.cli", "serve", "--workers", "2")
        await asyncio.to_thread(server.await_answer, "/readyz")
        async with httpx2.AsyncClient(base_url=server.address, timeout=30) as client:
            await asyncio.gather(*(sign_up(client, number) for number in range(MANY)))
        async with asyncio.timeout(60):
            while len(boxes.arrived) < MANY:  # noqa: ASYNC110  that is what the sentence says
                await asyncio.sleep(0.05)
        assert await asyncio.to_thread(server.stop) == 0, server.log
    assert sorted(boxes.recipients) == sorted([f"{number}@example.com"] for number in range(MANY))
    assert {str(message["From"]) for message in boxes.arrived} == {"Tasks <accounts@app.example>"}
    assert len({message["Message-ID"] for message in boxes.arrived}) == MANY
    assert "http://auth.test/api/auth/verify-email?token=" in boxes.bodies()[0][0]
    for secret in (MAIL_PASSWORD, "token="):
        assert secret not in server.log
