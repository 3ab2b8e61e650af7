"""Tips go only to public addresses and to networks that the settings allow, whatever address a name resolves to."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
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


EMBEDDINGS = {
    "mapped": "::ffff:{v4}",
    "compatible": "::{v4}",
    "translated": "::ffff:0:{v4}",
    "NAT64": "64:ff9b::{v4}",
    "local NAT64": "64:ff9b:1::{v4}",
    "6to4": "2002:{hex}::1",
    "Teredo client": "2001:0:808:808:0:0:{inverted}",
    "Teredo server": "2001:0:{hex}::f7f7:f7f7",
    "ISATAP": "2606:4700::5efe:{v4}",
    "ISATAP, unique": "2606:4700::200:5efe:{v4}",
}
"""The positions of an IPv4 address inside an IPv6 address."""


def embed(how: str, v4: ipaddress.IPv4Address) -> str:
    """Write an IPv6 address that contains an IPv4 address."""
    plain, inverted = (f"{number >> 16:x}:{number & 0xFFFF:x}" for number in (int(v4), ~int(v4) & 0xFFFFFFFF))
    return EMBEDDINGS[how].format(v4=v4, hex=plain, inverted=inverted)


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


@pytest.mark.slow("every kind of address")
@given(st.ip_addresses(v=4).filter(lambda v4: not v4.is_global or v4.is_multicast))
def test_no_ipv6_address_leads_to_a_private_ipv4_address(v4: ipaddress.IPv4Address) -> None:
    assert [how for how in EMBEDDINGS if is_allowed(embed(how, v4), ())] == []


@pytest.mark.slow("a property")
@given(st.ip_addresses(v=6))
def test_outside_the_hosts_block_only_gateways_to_public_ipv4_addresses_are_allowed(
    v6: ipaddress.IPv6Address,
) -> None:
    is_assigned = v6 in ipaddress.IPv6Network("2000::/3")
    assert is_assigned or not is_allowed(str(v6), ()) or str(v6).startswith(("64:ff9b::", "::ffff:"))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "2a01:4f8::5", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])
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


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest",
        "https://[64:ff9b::a00:1]/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://0177.0.0.1/x",
        "https://127.0.0.1./x",
    ],
)
def test_an_ip_address_in_the_url_is_checked_too(url: str) -> None:
    with pytest.raises(ForbiddenAddressError):
        check_ip_literal(URL(url), ())


def test_a_name_in_the_url_is_left_to_the_resolver() -> None:
    check_ip_literal(URL("https://receiver.example/x"), ())
