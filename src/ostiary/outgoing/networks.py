"""Which addresses an outgoing request may lead to, whatever a name resolves to."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

_PRIVATE: Final = tuple(
    ip_network(each)
    for each in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # RFC 6598: shared address space, which overlay networks use
        "::1/128",
        "fc00::/7",
    )
)
_METADATA: Final = frozenset(
    map(ip_address, ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"))
)
"""Where clouds tell a machine its credentials, besides the link-local 169.254.169.254."""
_NOT_PUBLIC: Final = tuple(
    ip_network(each)
    for each in (
        "192.0.0.0/24",  # RFC 6890: for protocols
        "192.88.99.0/24",  # RFC 7526: relays that are no more
        "fec0::/10",  # RFC 3879: site-local, once
        "3fff::/20",  # RFC 9637: documentation
    )
)
"""What some versions of Python call global."""
_NAT64: Final = ip_network("64:ff9b::/96")


class Network(StrEnum):
    """A part of the world. Link-local, multicast, unspecified and reserved addresses belong to none."""

    LOOPBACK = "loopback"
    PRIVATE = "private"
    """Loopback is part of it."""
    PUBLIC = "public"

    def admits(self, text: str) -> bool:
        """Tell whether an address lies there; what is no address does not."""
        try:
            address = _as_reached(ip_address(text))
        except ValueError:
            return False
        if address in _METADATA:
            return False
        match self:
            case Network.LOOPBACK:
                return address.is_loopback
            case Network.PRIVATE:
                return _is_among(address, _PRIVATE)
        is_special = address.is_multicast or address.is_reserved or _is_among(address, _NOT_PUBLIC)
        return address.is_global and not is_special


def _is_among(address: Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)


def _as_reached(address: Address) -> Address:
    """Return the IPv4 address behind an IPv6 one that stands for it (RFC 4291, RFC 3056, RFC 6052)."""
    if isinstance(address, IPv4Address):
        return address
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    return address.ipv4_mapped or address.sixtofour or translated or address


def is_loopback_name(host: str) -> bool:
    """Tell whether a host names this machine in plain sight (RFC 6761 section 6.3)."""
    return host == "localhost" or host.endswith(".localhost") or Network.LOOPBACK.admits(host)


def is_address(host: str) -> bool:
    """Tell whether a host is an address, which needs no resolution."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
