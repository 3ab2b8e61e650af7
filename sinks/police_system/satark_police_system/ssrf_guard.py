"""SSRF guard: tips go to public addresses only, and to private networks that the settings allow."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


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
        """Close the inner resolver."""
        await self._inner.close()


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Return whether tips may go to this IP address: a public one, or one in the allowed networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    return ip.is_global and not ip.is_multicast


def check_ip_literal(url: URL, networks: Sequence[Network]) -> None:
    """Check a URL whose host is an IP address: the client asks no resolver for such a host.

    Raises:
        ForbiddenAddressError: the address is not allowed.
    """
    try:
        allowed = is_allowed(url.host or "", networks)
    except ValueError:
        return  # a name: the resolver checks it
    if not allowed:
        raise ForbiddenAddressError("the receiver's address is not allowed")
