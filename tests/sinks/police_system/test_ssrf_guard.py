"""Tips go to public addresses and to networks that the settings allow, whatever a name resolves to."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from satark_police_system.ssrf_guard import FilteringResolver, ForbiddenAddressError, check_ip_literal, is_allowed

INSIDE = (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd00::/8"))

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
]


class FixedResolver(AbstractResolver):
    """Resolves every name to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family, proto=0, flags=0) for one in self.addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    assert not is_allowed(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_allowed(address, ())


@pytest.mark.parametrize("address", ["10.20.3.4", "fd00::7", "::ffff:10.20.3.4"])
def test_a_private_network_can_be_allowed(address: str) -> None:
    assert is_allowed(address, INSIDE)
    assert not is_allowed("10.21.3.4", INSIDE)


async def test_a_name_that_resolves_to_private_addresses_is_refused() -> None:
    with pytest.raises(ForbiddenAddressError):
        await FilteringResolver((), FixedResolver("10.0.0.1", "::1")).resolve("receiver.example")


async def test_only_the_allowed_addresses_of_a_name_are_used() -> None:
    found = await FilteringResolver((), FixedResolver("10.0.0.1", "8.8.8.8")).resolve("receiver.example")
    assert [one["host"] for one in found] == ["8.8.8.8"]


@pytest.mark.parametrize("url", ["https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest"])
def test_an_ip_address_in_the_url_is_checked_too(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_ip_literal(URL(url), ())


def test_a_name_in_the_url_is_left_to_the_resolver() -> None:
    check_ip_literal(URL("https://receiver.example/x"), ())
