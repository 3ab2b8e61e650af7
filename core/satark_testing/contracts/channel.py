"""The contract of a channel, as checks that a channel plugin runs against itself in one test.

async def test_it_keeps_the_contract() -> None:
    await check_channel(ChannelCase(channel=…, to=…, genuine=…, identifiers=…, texts=…, peer=Peer(…)))
"""

from satark_testing.contracts.channel_case import ChannelCase, numbered_prompt
from satark_testing.contracts.fetching import check_files
from satark_testing.contracts.meanings import check_meanings
from satark_testing.contracts.peer import Peer, PeerServer, Received, Reply, Said
from satark_testing.contracts.prompts import check_prompts
from satark_testing.contracts.rules import RULES, BrokenRule, require
from satark_testing.contracts.sending import check_calls
from satark_testing.contracts.watching import Watch
from satark_testing.contracts.webhooks import check_requests

__all__ = ["RULES", "BrokenRule", "ChannelCase", "Peer", "Received", "Reply", "Said", "check_channel"]


async def check_channel(case: ChannelCase) -> None:
    """Run every rule of channels.

    Raises:
        BrokenRule: the channel breaks one; the message names it, what was tried and what was expected.
    """
    watch = Watch()
    with watch.running("C59"):
        check_requests(case)
        check_prompts(case)
        with watch.no_files():
            check_requests(case)
            check_prompts(case, brief=True)
        check_meanings(case)
        require(not watch.opened, "C60", "requests and prompts, the second time", "; ".join(watch.opened[:3]))
        if case.peer is not None:
            async with PeerServer(case.peer).serving() as server:
                await check_calls(case, case.peer, server)
                await check_files(case, case.peer, server)
    words = numbered_prompt(60).text.split()[0]
    watch.check((*case.identifiers, case.to.reveal(), *filter(_is_telling, case.texts), words), "C58", "C59")


def _is_telling(text: str) -> bool:
    """Return whether a text is long enough that no message contains it by chance."""
    return len(text) > 5  # noqa: PLR2004 - as said
