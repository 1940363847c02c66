"""The address of a client: nobody chooses their own, and one household counts once."""

from typing import Any

import pytest

from ostiary import IpAddress, RateLimitOptions
from ostiary.domain.errors import ConfigurationError
from ostiary.domain.runtime import FrozenRuntime
from ostiary.http.client_address import ClientAddress
from ostiary.http.messages import Request
from ostiary.options import Advanced
from tests.builders import PASSWORD
from tests.security.conftest import Place
from tests.security.exchange import exchange
from tests.security.surface import surface_auth, surface_options

DIRECT = IpAddress()
PROXIED = IpAddress(trusted_proxies=("10.0.0.0/8", "fd00::/8"))
CLOUD = IpAddress(trusted_proxies=("10.0.0.0/8",), ip_address_headers=("cf-connecting-ip", "x-forwarded-for"))
PROXY, STRANGER, CLIENT = "10.0.0.1", "203.0.113.9", "198.51.100.7"
XFF = "x-forwarded-for"
V6 = "2001:0db8:0001:0002:0000:0000:0000:0000"

VARIANTS: dict[str, tuple[IpAddress, str | None, dict[str, str], str | None]] = {
    "no proxy configured: the header is ignored": (DIRECT, STRANGER, {XFF: CLIENT}, STRANGER),
    "no proxy configured: not even from a private address": (DIRECT, PROXY, {XFF: CLIENT}, PROXY),
    "not our proxy: the header is ignored": (PROXIED, STRANGER, {XFF: CLIENT}, STRANGER),
    "our proxy: its word is taken": (PROXIED, PROXY, {XFF: CLIENT}, CLIENT),
    "our proxy, no header": (PROXIED, PROXY, {}, PROXY),
    "spoofed on the left of the truth": (PROXIED, PROXY, {XFF: f"1.1.1.1, {CLIENT}"}, CLIENT),
    "a chain of our proxies": (PROXIED, PROXY, {XFF: f"1.1.1.1, {CLIENT}, 10.0.0.2, 10.0.0.3"}, CLIENT),
    "spoofed as our proxy": (PROXIED, PROXY, {XFF: f"10.9.9.9, {CLIENT}"}, CLIENT),
    "our proxies alone": (PROXIED, PROXY, {XFF: "10.0.0.2, 10.0.0.3"}, PROXY),
    "garbage": (PROXIED, PROXY, {XFF: "unknown"}, PROXY),
    "garbage on the right": (PROXIED, PROXY, {XFF: f"{CLIENT}, <script>"}, PROXY),
    "garbage on the left of the truth": (PROXIED, PROXY, {XFF: f"<script>, {CLIENT}"}, CLIENT),
    "an empty element": (PROXIED, PROXY, {XFF: f"{CLIENT},"}, PROXY),
    "a port": (PROXIED, PROXY, {XFF: f"{CLIENT}:4711"}, PROXY),
    "octal and short forms": (PROXIED, PROXY, {XFF: "0198.051.0100.07"}, PROXY),
    "a number": (PROXIED, PROXY, {XFF: "3325256711"}, PROXY),
    "spaces and tabs": (PROXIED, PROXY, {XFF: f" \t{CLIENT} "}, CLIENT),
    "ten thousand elements": (PROXIED, PROXY, {XFF: ", ".join(["1.1.1.1"] * 10_000 + [CLIENT])}, CLIENT),
    "other headers say something else": (
        *(PROXIED, PROXY),
        {"x-real-ip": "1.1.1.1", "forwarded": "for=1.1.1.1", "cf-connecting-ip": "1.1.1.1", XFF: CLIENT},
        CLIENT,
    ),
    "IPv6 counts as its /64": (DIRECT, "2001:db8:1:2:3:4:5:6", {}, V6),
    "IPv6 in another spelling": (PROXIED, PROXY, {XFF: "2001:0DB8:0001:0002::FFFF"}, V6),
    "IPv6 in brackets": (PROXIED, PROXY, {XFF: "[2001:db8:1:2::1]"}, PROXY),
    "IPv6 with a zone": (PROXIED, PROXY, {XFF: "fe80::1%eth0"}, PROXY),
    "mapped IPv4 is IPv4": (DIRECT, f"::ffff:{CLIENT}", {}, CLIENT),
    "mapped IPv4 in hexadecimal": (PROXIED, PROXY, {XFF: "::ffff:c633:6407"}, CLIENT),
    "our proxy on a mapped address": (PROXIED, f"::ffff:{PROXY}", {XFF: CLIENT}, CLIENT),
    "our proxy on IPv6": (PROXIED, "fd00::1", {XFF: f"1.1.1.1, {CLIENT}, fd00::2"}, CLIENT),
    "the first configured header wins": (CLOUD, PROXY, {"cf-connecting-ip": CLIENT, XFF: "1.1.1.1"}, CLIENT),
    "no connection at all (a socket file)": (DIRECT, None, {XFF: CLIENT}, None),
    "the peer is no address": (DIRECT, "testclient", {XFF: CLIENT}, None),
    "tracking is off": (IpAddress(disable_ip_tracking=True), CLIENT, {XFF: CLIENT}, None),
}


@pytest.mark.parametrize(("options", "peer", "headers", "expected"), VARIANTS.values(), ids=VARIANTS)
def test_the_address_is_what_can_be_believed(
    options: IpAddress, peer: str | None, headers: dict[str, str], expected: str | None
) -> None:
    """S55: spoofed, garbled, chained, IPv6 and mapped; judged by the connection and our own proxies."""
    assert ClientAddress(options).of(Request("GET", "/ok", headers, peer=peer)) == expected


@pytest.mark.parametrize(("options", "peer", "headers", "expected"), VARIANTS.values(), ids=VARIANTS)
async def test_the_session_records_that_address_and_no_other(
    options: IpAddress, peer: str | None, headers: dict[str, str], expected: str | None
) -> None:
    """S55: end to end; an address that is not known is the empty text."""
    auth = surface_auth(surface_options(advanced=Advanced(ip_address=options)))
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    answer = await exchange(auth, "POST", "/sign-up/email", headers=[*headers.items()], send=body, peer=peer)
    active = await auth.services.sessions.by_token(answer.json()["token"])
    assert active is not None
    assert active.session.ip_address == (expected or "")


async def test_a_header_sent_twice_is_one_chain() -> None:
    """S55: what the client sent comes first, what our proxy added comes last, in one header or in two."""
    auth = surface_auth(surface_options(advanced=Advanced(ip_address=PROXIED)))
    body = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}
    headers = [(XFF, "1.1.1.1"), ("X-Forwarded-For", CLIENT)]
    answer = await exchange(auth, "POST", "/sign-up/email", headers=headers, send=body, peer=PROXY)
    active = await auth.services.sessions.by_token(answer.json()["token"])
    assert active is not None
    assert active.session.ip_address == CLIENT


def rotating(turn: int) -> list[tuple[IpAddress, str, dict[str, str]]]:
    """Return ways in which one client might look like many."""
    return [
        (
            DIRECT,
            STRANGER,
            {XFF: f"1.1.1.{turn}", "x-real-ip": f"1.1.2.{turn}", "forwarded": f"for=1.1.3.{turn}"},
        ),
        (PROXIED, STRANGER, {XFF: f"1.1.1.{turn}"}),
        (PROXIED, PROXY, {XFF: f"1.1.1.{turn}, {CLIENT}"}),
        (PROXIED, PROXY, {XFF: f"10.1.1.{turn}, {CLIENT}, 10.0.0.{turn + 2}"}),
        (PROXIED, PROXY, {XFF: f"garbage{turn}"}),
        (PROXIED, PROXY, {XFF: f"{CLIENT}, garbage{turn}"}),
        (DIRECT, f"2001:db8:1:2::{turn + 1:x}", {}),
        (DIRECT, f"2001:db8:1:2:{turn + 1:x}:{turn:x}:7:8", {}),
        (PROXIED, PROXY, {XFF: f"2001:DB8:1:2::{turn + 1:x}"}),
        (DIRECT, CLIENT if turn % 2 else f"::ffff:{CLIENT}", {}),
        (PROXIED, PROXY, {XFF: (CLIENT, f"::ffff:{CLIENT}", "::FFFF:C633:6407")[turn % 3]}),
        (PROXIED, PROXY, {XFF: f"1.1.1.{turn},{' ' * turn}{CLIENT}"}),
    ]


@pytest.mark.parametrize("variant", range(len(rotating(0))))
async def test_a_client_that_dresses_up_is_limited_all_the_same(clock: FrozenRuntime, variant: int) -> None:
    """S55: twelve disguises; the fourth sign-in within ten seconds is refused in each of them."""
    options = surface_options(
        rate_limit=RateLimitOptions(), advanced=Advanced(ip_address=rotating(0)[variant][0])
    )
    auth = surface_auth(options, clock)
    statuses = []
    for turn in range(5):
        _, peer, headers = rotating(turn)[variant]
        body = {"email": f"a{turn}@example.com", "password": "a wrong guess"}
        answer = await exchange(
            auth, "POST", "/sign-in/email", headers=[*headers.items()], send=body, peer=peer
        )
        statuses.append(answer.status)
    assert statuses == [401, 401, 401, 429, 429]


async def test_different_clients_do_not_share_a_budget(place: Place, clock: FrozenRuntime) -> None:
    """S55: the other half: one /64 beside another, and the clients behind one proxy."""
    advanced = Advanced(ip_address=PROXIED)
    auth = await place.open(surface_options(rate_limit=RateLimitOptions(), advanced=advanced), clock)
    clients: list[tuple[str, dict[str, Any]]] = [
        *((f"2001:db8:1:{number:x}::1", {}) for number in range(6)),
        *((PROXY, {XFF: f"198.51.100.{number}"}) for number in range(6)),
    ]
    for number, (peer, headers) in enumerate(clients):
        body = {"email": f"a{number}@example.com", "password": "a wrong guess"}
        answer = await exchange(
            auth, "POST", "/sign-in/email", headers=[*headers.items()], send=body, peer=peer
        )
        assert answer.status == 401


async def test_clients_without_an_address_share_one_budget_unless_tracking_is_off(
    clock: FrozenRuntime,
) -> None:
    """S55: hiding the address does not take the limit away."""
    for tracking_off, expected in ((False, [401, 401, 401, 429]), (True, [401] * 4)):
        advanced = Advanced(ip_address=IpAddress(disable_ip_tracking=tracking_off))
        auth = surface_auth(surface_options(rate_limit=RateLimitOptions(), advanced=advanced), clock)
        statuses = []
        for turn in range(4):
            body = {"email": f"a{turn}@example.com", "password": "a wrong guess"}
            statuses.append((await exchange(auth, "POST", "/sign-in/email", send=body, peer=None)).status)
        assert statuses == expected


def test_a_proxy_that_is_no_address_is_a_configuration_mistake() -> None:
    """S55: a typing error must not silently trust nobody, or everybody."""
    for proxy in ("proxy.example", "10.0.0.0/33", "*", ""):
        with pytest.raises(ConfigurationError, match="trusted_proxies"):
            IpAddress(trusted_proxies=(proxy,))
