"""The kit notices faults that a channel does not report, and those that it reports of a provider that works."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp
import pytest

from satark_testing.contracts.calls import opened_calls
from satark_testing.contracts.channel import BrokenRule, Peer, Reply, Said
from satark_testing.contracts.provider_peer import PeerServer
from satark_testing.contracts.sending import _check_faults
from support.postcards import PHONE, Postcards, case


class Asking(Postcards):
    """Asks its provider for faults."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def find_faults(self) -> Sequence[str]:
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self._url}/me") as answer:
                return self.faults(answer.status)
        except aiohttp.ClientError:
            return self.unreachable

    unreachable: Sequence[str] = ("It can't be reached.",)

    def faults(self, status: int) -> Sequence[str]:
        return [] if status == 200 else [f"It answers {status}."]


class Deaf(Asking):
    unreachable = ()


class Content(Asking):
    def faults(self, status: int) -> Sequence[str]:
        return []


class Nervous(Asking):
    def faults(self, status: int) -> Sequence[str]:
        return ["It may fail."]


@pytest.mark.parametrize("broken", [Deaf, Content, Nervous])
async def test_a_fault_that_is_not_reported_or_not_there_is_noticed(broken: type[Asking]) -> None:
    await check(Asking)
    with pytest.raises(BrokenRule, match=r"^C94 "):
        await check(broken)


async def check(made: type[Asking]) -> None:
    peer = Peer(channel=made, read=lambda _: Said(PHONE, ""), answer=lambda _: Reply(200))
    async with PeerServer(peer).serving() as server, opened_calls(case(Postcards()), peer, server) as calls:
        await _check_faults(calls)
