"""Who is at the other end: the client's address, as far as it can be believed."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from ostiary.http.messages import Request
from ostiary.options import IpAddress

Parsed = IPv4Address | IPv6Address


def _parse(text: str) -> Parsed | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


class ClientAddress:
    """Reads the address of the client from the connection and, behind trusted proxies, from a header."""

    def __init__(self, options: IpAddress) -> None:
        """Parse the trusted networks once."""
        self._options = options
        self._proxies = tuple(ip_network(proxy, strict=False) for proxy in options.trusted_proxies)

    def of(self, request: Request) -> str | None:
        """Return the normalised address; None if tracking is off or nothing can be believed."""
        if self._options.disable_ip_tracking:
            return None
        address = self._find(request)
        return None if address is None else self._normalise(address)

    def _find(self, request: Request) -> Parsed | None:
        if not self._options.use_connection:
            # wire: the reference believes headers from anybody and never looks at the connection
            return self._from_chain(request) if self._proxies else self._from_single_address(request)
        peer = _parse(request.peer) if request.peer else None
        if not self._proxies or (peer is not None and not self._is_proxy(peer)):
            return peer
        return self._from_chain(request) or peer

    def _from_chain(self, request: Request) -> Parsed | None:
        for header in self._options.ip_address_headers:
            if chain := request.headers.get(header.lower()):
                return self._rightmost_untrusted(chain)
        return None

    def _is_proxy(self, address: Parsed) -> bool:
        return any(address in network for network in self._proxies)

    def _from_single_address(self, request: Request) -> Parsed | None:
        for header in self._options.ip_address_headers:
            value = request.headers.get(header.lower())
            if value and (address := _parse(value)) is not None:
                return address
        return None

    def _rightmost_untrusted(self, chain: str) -> Parsed | None:
        for element in reversed(chain.split(",")):
            address = _parse(element)
            if address is None:
                return None
            if not self._is_proxy(address):
                return address
        return None

    def _normalise(self, address: Parsed) -> str:
        if isinstance(address, IPv4Address):
            return str(address)
        network = IPv6Network((address, self._options.ipv6_subnet), strict=False)
        return network.network_address.exploded
