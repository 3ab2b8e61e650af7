"""Checks a channel's calls to its provider, when the provider works and when it fails (C32 to C49, C57, C63)."""

import math
from itertools import product
from typing import Final

from msgspec.structs import replace

from satark.api.channel import ErasingChannel
from satark.api.inbound import Address
from satark.api.observability import FaultFinder
from satark.api.outbound import (
    Accepted,
    Blocked,
    Misconfigured,
    Permanent,
    SendResult,
    Throttled,
    Transient,
    WindowClosed,
)
from satark.api.prompt import Prompt
from satark_testing.contracts.calls import Calls, opened, opened_calls
from satark_testing.contracts.certificates import trusted_impostors
from satark_testing.contracts.channel_case import ChannelCase, lost_words, numbered_prompt
from satark_testing.contracts.fetching import fetched
from satark_testing.contracts.mutations import emptied, strange_answers
from satark_testing.contracts.prompt_kinds import check_kinds
from satark_testing.contracts.provider_peer import ENDLESS_BYTES, Fault, Peer, PeerServer, Reply
from satark_testing.contracts.rules import BrokenRule, absent, raised, require

_SECONDS: Final = 41
"""An unusual waiting time in seconds, which no channel uses by default."""
_COOKIE: Final = {"Set-Cookie": "conversation=1; Path=/"}
_LONGEST_SECONDS: Final = 200
"""Seconds after which a channel must give up a call that gets no answer."""
_REPEATED_BY_CLIENTS: Final = {"GET", "PUT", "DELETE"}
"""Methods that an HTTP client may itself repeat once after a broken connection (RFC 9110, section 9.2.2)."""
_IDS: Final = ("700100011", "700100012")
"""Message ids that no address contains, and that may be numbers."""


async def check_calls(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    """Check every call of a channel that makes calls.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    async with opened_calls(case, peer, server) as calls:
        if not calls.each:
            return
        await _check_delivered(calls)
        await check_kinds(calls)
        async for _ in calls.failing():
            await _check_statuses(calls)
            await _check_strange_answers(calls)
            await _check_throttling(calls)
            await _check_redirects(calls)
            await _check_network(calls)
        await _check_faults(calls)
        await _check_news(calls)
        await _check_erasing(calls)
    await _check_stalled(case, peer, server)
    await _check_certificates(case, peer)
    await _check_closed(case, peer, server)
    await _check_unreachable(case, peer, server)


async def _check_faults(calls: Calls) -> None:
    """Check that there are sentences about a provider that fails, about no other, and that none names a credential."""
    for script in (None, calls.peer.unauthorized, calls.peer.refusal, Reply(500), Fault.HANG_UP):
        calls.server.answering(script)
        channel = calls.peer.channel(calls.server.url)  # the host asks one that was not opened
        if isinstance(channel, FaultFinder):
            told = await channel.find_faults()
            absent(" ".join(told), [*calls.server.credentials], "C47", "the sentences of `find_faults`")
            subject = f"`find_faults`, while the provider answers {script or 'as `Peer.answer` does'}"
            right = bool(told) == (script is not None) or not calls.server.received
            require(right, "C94", subject, f"{len(told)} sentences")


async def _check_delivered(calls: Calls) -> None:
    """Check that texts of several lengths reach several people completely, once, and with the host's call id."""
    capabilities = calls.channel.capabilities
    lengths = sorted({60, capabilities.body, capabilities.text} - {0})
    for render, prompt in product((calls.channel.render, calls.channel.notice), map(numbered_prompt, lengths)):
        for to in calls.people:
            rendered = render(prompt, calls.account, to)
            calls.server.answering(None)
            subject = f"a prompt of {len(prompt.text)} characters by `{render.__name__}`"
            for call in rendered:
                before = len(calls.server.said())
                require(isinstance(await calls.send(call, subject), Accepted), "C34", subject)
                _check_once(calls, before, subject)
            said = calls.server.said()
            require(all(one.to == to.reveal() for one in said) and said, "C32", subject, "another address")
            text = "\n".join(one.text for one in said)
            require(not lost_words(prompt, text), "C33", subject, "words are missing or out of order")
            require(text.split().count(prompt.text.split()[0]) == 1, "C35", subject, "it is said more than once")


def _check_once(calls: Calls, before: int, subject: str) -> None:
    received = calls.server.received
    made = len(calls.server.said()) - before
    require(made == 1, "C35", subject, f"{made} requests")
    if calls.peer.call_id is not None:
        require(calls.peer.call_id(received[-1]) == calls.last_id, "C36", subject, "another id, or none")


async def _check_statuses(calls: Calls) -> None:
    for refusal in (*(replace(calls.peer.refusal, status=status) for status in (404, 413, 422)), calls.peer.refusal):
        result, subject = await calls.answered(refusal, f"a refusal with {refusal.status}")
        require(isinstance(result, Permanent | Blocked | Misconfigured), "C41", subject, type(result).__name__)
    for reply, expected in calls.peer.results if calls.at == calls.last else ():
        result, subject = await calls.answered(reply, "an answer that means")
        _check_meant(result, expected, subject)
    for status in (500, 502, 503, 504):
        result, subject = await calls.answered(Reply(status), f"status {status}")
        require(isinstance(result, Transient | Throttled), "C39", subject, type(result).__name__)
        require(len(calls.made) == calls.at + 1, "C35", subject, f"{len(calls.made)} requests")
    result, subject = await calls.answered(calls.peer.unauthorized, "wrong credentials")
    require(isinstance(result, Misconfigured), "C40", subject, type(result).__name__)
    quoted = f"to {calls.case.to.reveal()}"
    told = [emptied(calls.peer.refusal.body or b'{"error":"x","code":"x"}', quoted), quoted.encode()]
    for body in (b"", b"{", b"<html>", b"\xff", b"[1]", b'{"error":null}', *told):
        for status in (200, 400, 502):
            await calls.answered(Reply(status, body), f"status {status} with {body!r}")


def _check_meant(result: SendResult, expected: type | SendResult, subject: str) -> None:
    name = expected.__name__ if isinstance(expected, type) else type(expected).__name__
    subject = subject.replace("means", f"means {name}")
    require(expected is not Throttled, "C70", subject, "the case gives a class: give `Throttled(after=…, scope=…)`")
    same = type(result) is expected if isinstance(expected, type) else result == expected
    found = f"{type(result).__name__}" if type(result).__name__ != name else f"{result!r}, not {expected!r}"
    require(same, "C70", subject, found)


async def _check_strange_answers(calls: Calls) -> None:
    """Check that a stranger's answer never counts as the provider's, unless the provider's own answer is empty."""
    result, subject = await calls.answered(Fault.PIECES, "an answer in two pieces")
    require(isinstance(result, Accepted), "C34", subject, type(result).__name__)
    own = calls.server.replies[calls.at].body
    for body in strange_answers(own) if own else ():
        result, subject = await calls.answered(Reply(200, body), f"status 200 with {body!r}")
        require(isinstance(result, Transient), "C63", subject, type(result).__name__)


async def _check_throttling(calls: Calls) -> None:
    for seconds in (_SECONDS, 3 * _SECONDS):
        result, subject = await calls.answered(calls.peer.throttle(str(seconds)), f"throttled for {seconds} seconds")
        require(isinstance(result, Throttled), "C37", subject, type(result).__name__)
        after = getattr(result, "after", 0)
        require(seconds <= after <= 2 * seconds, "C37", subject, f"after {after} seconds")
    for odd in ("soon", "-3", "", "1e999", "Wed, 21 Oct 2026 07:28:00 GMT"):
        result, subject = await calls.answered(calls.peer.throttle(odd), f"throttled for {odd!r} seconds")
        require(isinstance(result, Throttled), "C38", subject, type(result).__name__)
        after = getattr(result, "after", 0)
        require(math.isfinite(after) and after > 0, "C38", subject, f"after {after} seconds")


async def _check_redirects(calls: Calls) -> None:
    for status in (301, 302, 307, 308):
        reply = Reply(status, headers={"Location": f"{calls.server.elsewhere}/x"})
        result, subject = await calls.answered(reply, f"a redirect ({status}) to another address")
        require(not calls.server.strayed, "C42", subject, "a request at the other address")
        require(not isinstance(result, Accepted), "C42", subject, "Accepted")


async def _check_network(calls: Calls) -> None:
    result, subject = await calls.answered(Fault.HANG_UP, "a provider that hangs up")
    require(isinstance(result, Transient), "C43", subject, type(result).__name__)
    again = [method for method in calls.made if method not in _REPEATED_BY_CLIENTS]
    require(len(again) <= calls.at + 1, "C35", subject, f"{len(again)} requests: the first may have arrived")
    await calls.answered(Fault.HALF, "half an answer")
    await calls.answered(Fault.ENDLESS, "an endless answer")
    require(calls.server.written < ENDLESS_BYTES, "C45", "an endless answer", "all of it was read")
    calls.server.answering(None)
    require(isinstance(await calls.send(calls.each[0], "after faults"), Accepted), "C49", "a call after faults")
    calls.server.answering(lambda own: replace(own, headers={**own.headers, **_COOKIE}))
    for _ in range(2):
        await calls.send(calls.each[0], "a cookie")
    cookies = [request for request in calls.server.received if "cookie" in request.headers]
    require(not cookies, "C46", "a call after a response with a cookie", "the cookie was sent")


async def _check_news(calls: Calls) -> None:
    """Check that a person whose reply window is closed is told that there is news, in their language, not which."""
    closes = bool({WindowClosed, WindowClosed()} & {expected for _, expected in calls.peer.results})
    fallbacks = calls.peer.fallbacks
    require(fallbacks or not closes, "C82", "the fallback of a notice", "the case has no `Peer.fallbacks`")
    for language, to in [*product(fallbacks or ("hi", "en"), calls.people)] * 2:
        await _check_fallback(calls, replace(numbered_prompt(60), language=language), to)


async def _check_fallback(calls: Calls, prompt: Prompt, to: Address) -> None:
    subject, wanted = f"the fallback of a notice in {prompt.language}", calls.peer.fallbacks.get(prompt.language, "")
    made = [call for call in calls.channel.notice(prompt, calls.account, to) if call.fallback]
    require(made or not wanted, "C77", subject, "no `Call.fallback`: with `WindowClosed` the news would be lost")
    for call in made:
        held, others = call.fallback.decode(errors="replace"), [one.reveal() for one in calls.people if one != to]
        mine = to.reveal() in held and not any(other in held for other in others)
        require(mine, "C31", subject, "it is to another person, or to none")
        require(call.fallback != call.body, "C77", subject, "the call's own body, which the window refuses")
        require(wanted in held, "C82", subject, "it is in another language")
        calls.server.answering(None)
        result = await calls.send(replace(call, body=call.fallback, fallback=b""), subject)
        require(isinstance(result, Accepted), "C77", subject, type(result).__name__)
        said = calls.server.said()
        require({one.to for one in said} <= {to.reveal()}, "C31", subject, "the peer reads another address")
        neutral = all(lost_words(prompt, one.text) for one in said)
        require(neutral, "C77", subject, "the words of the news, in place of a neutral text")


async def _check_erasing(calls: Calls) -> None:
    channel = calls.channel
    if not isinstance(channel, ErasingChannel):
        return
    calls.server.answering(None)
    for call in calls.each:
        sent = await calls.send(call, "a message that may be erased")
        require(getattr(sent, "provider_message_id", ""), "C79", "a message that is sent", "`Accepted` without an id")
    for to in [*calls.people] * 2:
        await _check_erasure(calls, channel, to)


async def _check_erasure(calls: Calls, channel: ErasingChannel, to: Address) -> None:
    first, second = (channel.erase(_IDS, calls.account, to) for _ in range(2))
    require(list(first) == list(second) and first, "C57", "two erasures of the same messages")
    calls.server.answering(None)
    for call in first:
        require(isinstance(await calls.send(call, "an erasure"), Accepted), "C57", "an erasure", "not Accepted")
    named = all(to.reveal().encode() in request.body for request in calls.server.received)
    require(named, "C57", "an erasure", "the chat is not named, or another one is")
    asked = "".join(f"{one.path}{one.query}{one.body!r}" for one in calls.server.received)
    for number, id_ in enumerate(_IDS):
        require(id_ in asked, "C78", f"an erasure of {len(_IDS)} messages", f"message number {number} stays")


async def _check_closed(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    channel = peer.channel(server.url)
    subject = "open, send, close, close"
    try:
        await channel.close()
        for _ in range(2):
            async with opened(channel):
                server.answering(None)
                await channel.send(channel.render(numbered_prompt(60), channel.accounts[0], case.to)[0], "call")
            await channel.close()
    except Exception as error:
        raise BrokenRule("C48", subject, raised(error)) from error
    require(await server.closed(), "C48", subject, f"{server.connections} connections are left")


async def _check_stalled(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    """Check that a call ends although the provider never answers."""
    subject = f"a provider that does not answer for {_LONGEST_SECONDS} seconds"
    async with opened_calls(case, peer, server) as calls:
        async for _ in calls.failing():
            work, where = calls.channel.send(calls.each[0], calls.last_id), f"{subject}{calls.place}"
            result = await server.stalling(work, _LONGEST_SECONDS, "C71", where, at=calls.at)
            require(isinstance(result, Transient), "C71", where, type(result).__name__)


async def _check_certificates(case: ChannelCase, peer: Peer) -> None:
    """Check that nothing is sent to a server whose certificate nobody has signed, in whichever request."""
    subject = "a server with a certificate of its own"
    async with PeerServer(peer).serving(impostor=True) as server, opened_calls(case, peer, server) as calls:
        result = await calls.send(calls.each[0], subject)
        require(not server.received, "C72", subject, "it got the call")
        require(isinstance(result, Transient | Misconfigured), "C43", subject, type(result).__name__)
        with trusted_impostors() as careless:
            for call in calls.each:
                await calls.send(call, subject)
            for ref, _ in peer.files:
                await fetched(calls.channel, ref)
                await calls.channel.discard(ref)
        require(not careless, "C72", f"{subject}, at any request", "; ".join(careless[:1]))


async def _check_unreachable(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    subject = "a provider that listens nowhere"
    async with opened_calls(case, peer, server, "http://127.0.0.1:9") as calls:
        result = await calls.send(calls.each[0], subject)
        require(isinstance(result, Transient), "C43", subject, type(result).__name__)
