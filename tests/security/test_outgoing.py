"""S73: an outgoing request reaches the network it is meant for, whatever its host's name resolves to."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ostiary.outgoing import DefaultHttpClient
from ostiary.outgoing.networks import Network
from tests.key_server import KeyServer, key_server

PUBLIC = [
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::",
]
PRIVATE = [
    "10.0.0.7",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "fd12::1",
    "::ffff:10.0.0.7",
]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
NOWHERE = [
    "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fe80::1",
    "100.100.100.200", "fd00:ec2::254", "0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "239.1.1.1",
    "ff02::1", "ff0e::1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.5", "2001:db8::1",
    "168.63.129.16", "192.0.0.192", "192.0.0.8", "192.88.99.1", "fec0::1", "3fff::1",
    "::127.0.0.1", "::10.0.0.7", "", "localhost", "0x7f.1", "2130706433", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("address", [*PUBLIC, *PRIVATE, *LOOPBACK, *NOWHERE])
def test_an_address_belongs_to_one_part_of_the_world_or_to_none(address: str) -> None:
    assert Network.PUBLIC.admits(address) == (address in PUBLIC)
    assert Network.PRIVATE.admits(address) == (address in PRIVATE + LOOPBACK)
    assert Network.LOOPBACK.admits(address) == (address in LOOPBACK)


@pytest.fixture
async def server() -> AsyncIterator[KeyServer]:
    async with key_server() as running:
        yield running


class Names:
    """Answers for the resolver, one answer after the other; counts the questions."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: Any, port: int, *rest: Any, **more: Any) -> list[Any]:
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        families = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, port))
            for family, address in zip(families, addresses, strict=True)
        ]


async def get(server: KeyServer, network: Network | None, host: str = "keys.example") -> int:
    url = f"http://{host}:{server.port}/"
    answer = await DefaultHttpClient(network).get(url, headers={}, timeout=3)
    return answer.status


@pytest.mark.parametrize("network", [Network.PUBLIC, Network.LOOPBACK, Network.PRIVATE])
async def test_a_name_that_leads_to_the_metadata_of_a_cloud_is_refused_before_a_connection(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch, network: Network
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["169.254.169.254", "fd00:ec2::254"]))
    with pytest.raises(OSError, match=f"leads to no {network} address"):
        await get(server, network)


async def test_a_public_name_does_not_lead_to_this_machine(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["127.0.0.1"]))
    with pytest.raises(OSError, match="leads to no public address"):
        await get(server, Network.PUBLIC)
    assert server.fetches == 0
    assert await get(server, Network.PRIVATE) == 200


async def test_the_connection_goes_to_the_address_that_was_checked(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a second answer of the resolver would lead elsewhere, so there is no second question."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    monkeypatch.setattr(socket, "getaddrinfo", names)
    assert await get(server, Network.LOOPBACK) == 200
    assert names.asked == 1


async def test_of_several_addresses_only_admitted_ones_are_tried(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["169.254.169.254", "127.0.0.9", "127.0.0.1"]))
    assert await get(server, Network.LOOPBACK) == 200, "nobody listens on the second one"


async def test_a_redirect_is_an_answer_like_any_other(server: KeyServer) -> None:
    server.status, server.headers = 302, [f"location: {server.origin}/elsewhere"]
    assert await get(server, Network.LOOPBACK, "127.0.0.1") == 302
    assert server.fetches == 1


async def test_what_is_posted_arrives_once_and_follows_no_redirect(server: KeyServer) -> None:
    server.status, server.headers = 307, [f"location: {server.origin}/elsewhere"]
    client, headers = DefaultHttpClient(Network.LOOPBACK), {"content-type": "text/plain"}
    answer = await client.post(f"{server.origin}/token", headers=headers, body=b"a secret", timeout=3)
    assert (answer.status, server.requests, server.bodies) == (307, ["POST /token HTTP/1.1"], [b"a secret"])


async def test_a_name_that_leads_elsewhere_gets_no_body(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["127.0.0.1"]))
    with pytest.raises(OSError, match="leads to no public address"):
        await DefaultHttpClient(Network.PUBLIC).post(
            f"http://a.example:{server.port}/", headers={}, body=b"a secret", timeout=3
        )
    assert server.requests == []


async def test_no_more_is_read_than_is_allowed(server: KeyServer) -> None:
    client, url = DefaultHttpClient(Network.LOOPBACK), server.origin
    server.body = b"x" * 1000
    assert (await client.get(url, headers={}, timeout=3, limit=1000)).body == server.body
    server.body += b"x"
    with pytest.raises(OSError, match="more than 1000 bytes"):
        await client.get(url, headers={}, timeout=3, limit=1000)


async def test_proxies_of_the_environment_are_not_asked(
    server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await get(server, None, "127.0.0.1") == 200


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/", "file:///etc/passwd", "http://", "", "http://a b/", "gopher://x"]
)
async def test_what_is_no_web_address_is_no_answer(url: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011  every failure is one
        await DefaultHttpClient(Network.LOOPBACK).get(url, headers={}, timeout=1)
