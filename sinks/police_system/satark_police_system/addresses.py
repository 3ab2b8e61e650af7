"""Where tips may be sent: never to an address inside, unless the configuration allows that network (SSRF)."""

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
    """The name leads to an address that tips must not be sent to."""


class GuardedResolver(AbstractResolver):
    """Resolves names, and leaves out every address that is not allowed; the connection is made to what it gives.

    So a name that changes its address between a check and the connection (DNS rebinding) gains nothing.
    """

    def __init__(self, networks: Sequence[Network], inner: AbstractResolver | None = None) -> None:
        self._networks = networks
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Give the host's allowed addresses.

        Raises:
            ForbiddenAddressError: it has none.
        """
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if is_allowed(one["host"], self._networks)]
        if not allowed:
            raise ForbiddenAddressError("the receiver's name leads to an address that is not allowed")
        return allowed

    async def close(self) -> None:
        """Stop."""
        await self._inner.close()


def is_allowed(address: str, networks: Sequence[Network]) -> bool:
    """Whether tips may go to this IP address: a public one, or one of the allowed networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if any(ip.version == network.version and ip in network for network in networks):
        return True
    return ip.is_global and not ip.is_multicast


def check_literal(url: URL, networks: Sequence[Network]) -> None:
    """Check a URL whose host is an IP address, since no resolver is asked for such a one.

    Raises:
        ForbiddenAddressError: the address is not allowed.
    """
    try:
        allowed = is_allowed(url.host or "", networks)
    except ValueError:
        return  # a name: the resolver judges
    if not allowed:
        raise ForbiddenAddressError("the receiver's address is not allowed")
