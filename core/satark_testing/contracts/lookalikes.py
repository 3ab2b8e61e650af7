"""Checks that a file is fetched only from the provider's host, whatever address a message names (C92)."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import msgspec

from satark.api.channel import Channel, RawRequest
from satark.api.inbound import CompleteTip, Malformed, Media, MediaRef
from satark_files.decoding import DECODING_ERRORS
from satark_testing.contracts.calls import opened
from satark_testing.contracts.channel_case import ChannelCase, strings_of
from satark_testing.contracts.fetching import fetched
from satark_testing.contracts.mutations import with_value
from satark_testing.contracts.rules import require, shown

_ALIKE: Final = (
    "https://{}.evil.example",
    "https://{}@evil.example",
    "https://evil.example",
    "https://169.254.169.254",
    "http://{}",
)
"""Origins that are not the provider's, made of its host."""


async def check_addresses(case: ChannelCase) -> None:
    """Put other addresses into each message with a file, and fetch the file. No request leaves this machine.

    Raises:
        BrokenRule: another host is asked than for the genuine file.
    """
    async with opened(case.channel) as channel:
        for raw in (*case.genuine, *(raw for raw, _ in case.means)):
            known = await _asked(channel, raw)
            for origin, other in _with_other_addresses(raw) if known else ():
                strange = await _asked(channel, other) - known
                require(not strange, "C92", shown(other, f"a file at {origin}"), f"{len(strange)} other hosts asked")


def _with_other_addresses(raw: RawRequest) -> Iterator[tuple[str, RawRequest]]:
    for address in {text for text in _texts(raw) if text.startswith("https://")}:
        host = urlsplit(address).netloc
        for form in _ALIKE:
            other = address.replace(f"https://{host}", form.format(host), 1)
            yield from ((form.format("…"), changed) for _, _, changed in with_value([raw], [address], other))


def _texts(raw: RawRequest) -> list[str]:
    try:
        return [*strings_of(msgspec.json.decode(raw.body))]
    except DECODING_ERRORS:
        return [value for _, value in parse_qsl(raw.body.decode(errors="replace"))]


def _refs(channel: Channel, raw: RawRequest) -> list[MediaRef]:
    try:
        events = [inbound.event for inbound in channel.parse(raw).inbound]
    except Malformed:
        return []
    files = (event.content if isinstance(event, CompleteTip) else event for event in events)
    return [file.ref for file in files if isinstance(file, Media)]


async def _asked(channel: Channel, raw: RawRequest) -> set[object]:
    """Fetch the files of a request; return each host and port that was asked, none of which answers."""
    asked = set[object]()

    def resolve(host: object, port: object, *_: Any, **_more: Any) -> Any:
        asked.add((host, port))
        raise socket.gaierror

    async def connect(_loop: object, _socket: object, address: Any) -> None:
        asked.add(address[:2])
        raise ConnectionRefusedError

    loop = type(asyncio.get_running_loop())
    with patch("socket.getaddrinfo", resolve), patch.object(loop, "sock_connect", connect):
        for ref in _refs(channel, raw):
            await fetched(channel, ref)
    return asked
