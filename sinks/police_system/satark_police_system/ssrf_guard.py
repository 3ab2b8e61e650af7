"""SSRF guard: tips go to public addresses only, and to private networks that the settings allow."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Final, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOWEST_32: Final = 0xFFFFFFFF
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that a gateway translates to the IPv4 address in their last 32 bits (RFC 6052)."""
_ASSIGNED: Final = ipaddress.IPv6Network("2000::/3")
_NO_HOSTS: Final = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2002::/16", "3fff::/20")))
"""Protocol assignments such as Teredo (RFC 2928), 6to4 (RFC 3056) and documentation (RFC 9637)."""
_ISATAP, _ISATAP_MASK = 0x00005EFE, 0xFDFFFFFF
"""Bits 32 to 63 of an address whose last 32 bits are an IPv4 address (RFC 5214, 6.1); the mask leaves out one flag."""


class ForbiddenAddressError(OSError):
    """The receiver's name or URL leads to an address that tips must not be sent to."""


class FilteringResolver(AbstractResolver):
    """Resolves names and drops every address that is not allowed.

    The client connects to the addresses that this resolver returns, so that DNS rebinding between check and connection
    has no effect.
    """

    def __init__(self, networks: Sequence[Network], inner: AbstractResolver | None = None) -> None:
        self._networks = networks
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the host's allowed addresses.

        Raises:
            ForbiddenAddressError: none of its addresses is allowed.
        """
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if is_allowed(one["host"], self._networks)]
        if not allowed:
            raise ForbiddenAddressError("the receiver's name leads to an address that is not allowed")
        return allowed

    async def close(self) -> None:
        await self._inner.close()


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Return whether tips may go to this IP address: a public one, or one in the allowed networks."""
    ip = _target(ipaddress.ip_address(address.partition("%")[0]))
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    return _is_public_ipv6(ip) if isinstance(ip, ipaddress.IPv6Address) else ip.is_global and not ip.is_multicast


def _target(ip: _Address) -> _Address:
    """Return the IPv4 address that this IPv6 address leads to, through the system or a NAT64 gateway, if any."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip in _NAT64):
        return ipaddress.IPv4Address(int(ip) & _LOWEST_32)
    return ip


def _is_public_ipv6(ip: ipaddress.IPv6Address) -> bool:
    """Return whether an address is in the block that IANA assigns to hosts, and leads through no tunnel."""
    is_isatap = int(ip) >> 32 & _ISATAP_MASK == _ISATAP
    return ip in _ASSIGNED and ip.is_global and not is_isatap and not any(ip in block for block in _NO_HOSTS)


def check_ip_literal(url: URL, networks: Sequence[Network]) -> None:
    """Check a URL whose host is an IP address: the client asks no resolver for such a host.

    Raises:
        ForbiddenAddressError: the address is not allowed.
    """
    try:
        allowed = is_allowed(url.host or "", networks)
    except ValueError:  # a name, which the resolver checks; or `127.1`, which no resolver is asked for
        allowed = not (url.host or "").replace(".", "").isdigit()
    if not allowed:
        raise ForbiddenAddressError("the receiver's address is not allowed")
