"""The contract of a channel, as checks that a channel plugin runs against itself in one test.

async def test_it_keeps_the_contract() -> None:
    await check_channel(ChannelCase(channel=…, to=…, genuine=…, identifiers=…, texts=…, peer=Peer(…)))

Here are the checks of requests, which need no network (C01 to C21 and C58 to C62), and of files and listening (C50 to
C56).
"""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Any, Final
from unittest.mock import patch

import msgspec

from satark.api.channel import Channel, ListeningChannel, MediaGone, Outcome, RawRequest
from satark.api.inbound import Batch, Inbound, Malformed, MediaRef
from satark.plugins.returned_objects import problems_of
from satark_testing.contracts.channel_case import (
    ChannelCase,
    forgeries,
    numbered_prompt,
    proofs,
    strings_of,
    without_secret,
)
from satark_testing.contracts.events import check_events, check_keys, keys_of, let_the_clock_move
from satark_testing.contracts.mutations import another, joined, lengthened, mutated
from satark_testing.contracts.prompts import check_meanings, check_prompts
from satark_testing.contracts.provider_peer import Fault, Peer, PeerServer, Received, Reply, Said
from satark_testing.contracts.rules import RULES, BrokenRule, absent, attempt, raised, require, shown
from satark_testing.contracts.sending import check_calls, opened
from satark_testing.contracts.watching import Watch

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


_GARBAGE: Final = (b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"a":1}', b"[" * 5000, b'[{"id":{}}]')


def check_requests(case: ChannelCase) -> None:
    """Check names, signatures and events.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    check_names(case)
    if not case.channel.endpoints:
        check_no_endpoint(case)
        return
    check_verify(case)
    check_parse(case)


def check_names(case: ChannelCase) -> None:
    """Check the protocol, and the names of accounts and endpoints, as the loader does."""
    for problem in problems_of("satark_channels", case.channel):
        raise BrokenRule("C01", type(case.channel).__name__, problem)


def _hint(raw: RawRequest, case: ChannelCase) -> str:
    """Name the part of a request in which the kit looks for the secret, if the request has none there."""
    is_elsewhere = case.proven_by == "headers" and not raw.headers
    return 'it has no headers: say where its secret is, such as `proven_by="path"`' if is_elsewhere else ""


def check_verify(case: ChannelCase) -> None:
    """Check that `verify` accepts genuine requests, and refuses changed, truncated and unsigned ones."""
    for raw in case.genuine:
        require(_verified(case, raw, "as it came"), "C06", shown(raw))
        _check_head(case, raw)
        for change, bare in without_secret(raw, case):
            require(not _verified(case, bare, change), "C08", shown(raw, change), _hint(raw, case))
        for change, forged in forgeries(raw, case):
            require(not _verified(case, forged, change), "C07", shown(raw, change))
        for change, odd in _odd(raw):
            _verified(case, odd, change)
    times = sorted({name for raw in case.genuine for name in proofs(raw, case) if _is_time(raw.headers[name])})
    require(case.stale or not times, "C67", "the case", f"no `stale`, although {', '.join(times)} holds a time")


def _is_time(value: str) -> bool:
    """Return whether a header's value is a recent time, in seconds or milliseconds."""
    seconds = float(value) if value.isascii() and value.isdigit() else 0
    return any(abs(time.time() - at) < _RECENT_SECONDS for at in (seconds, seconds / 1000))


def _odd(raw: RawRequest) -> Iterator[tuple[str, RawRequest]]:
    odd = dict.fromkeys(raw.headers, "é\x00☂")
    yield "headers that are not ASCII", msgspec.structs.replace(raw, headers=odd)
    yield "empty headers", msgspec.structs.replace(raw, headers=dict.fromkeys(raw.headers, ""))
    yield "a query that is none", msgspec.structs.replace(raw, query="%ff=&&é=%zz")
    yield "an unknown method", msgspec.structs.replace(raw, method="PATCH")


def _verified(case: ChannelCase, raw: RawRequest, change: str) -> bool:
    result = attempt("C09", shown(raw, change), lambda: case.channel.verify(raw))
    require(isinstance(result, bool), "C09", shown(raw, change), type(result).__name__)
    return result


def _check_head(case: ChannelCase, raw: RawRequest) -> None:
    """Check that the head of a genuine request passes the checks that come before the body is read."""
    for endpoint in case.channel.endpoints:
        if endpoint.path != raw.path or raw.method != "POST":
            continue
        header = endpoint.signature_header
        require(not header or header in raw.headers, "C10", shown(raw), f"no header {header}")
        if not endpoint.signs_body:
            require(
                _verified(case, msgspec.structs.replace(raw, body=b""), "head"), "C10", shown(raw, "its head alone")
            )
        require(len(raw.body) <= endpoint.limit, "C61", shown(raw), f"the limit is {endpoint.limit} bytes")


def check_no_endpoint(case: ChannelCase) -> None:
    """Check that a channel without endpoints, which serves its own pages, accepts no request here."""
    for raw in (RawRequest(method="POST", path="/"), *case.genuine):
        require(not _verified(case, raw, "a foreign request"), "C21", shown(raw))
        _check_garbage(case, raw)


def check_parse(case: ChannelCase) -> None:
    """Check that events are complete, repeatable and free of identifiers. Only `Malformed` may be raised."""
    batches = [attempt("C11", shown(raw), lambda raw=raw: case.channel.parse(raw)) for raw in case.genuine]  # type: ignore[misc]
    events = [inbound for batch in batches for inbound in batch.inbound]
    require(bool(events), "C11", "all of `genuine`", "no event")
    let_the_clock_move(batches)
    for raw, batch in zip(case.genuine, batches, strict=True):
        require(not batch.unread, "C11", shown(raw), f"{batch.unread} unread: `parse` raised what is no `Malformed`")
        same = keys_of(batch) == keys_of(case.channel.parse(raw))
        require(same, "C13", shown(raw, "parsed twice"), "another key, or a time that is this machine's")
        check_events(case, raw, batch)
        _check_garbage(case, raw)
        for text in (repr(raw), repr(batch), *(repr(inbound.senders) for inbound in batch.inbound)):
            absent(text, (*case.identifiers, case.to.reveal()), "C20", shown(raw))
    for first, second in case.redelivered:
        same = keys_of(case.channel.parse(first)) == keys_of(case.channel.parse(second))
        require(same, "C13", shown(second, "delivered again"))
    check_keys(case, batches)
    _check_texts(case, events)
    _check_mutations(case)
    _check_isolation(case, batches)


def _check_texts(case: ChannelCase, events: list[Inbound]) -> None:
    everything = [strings_of(msgspec.to_builtins(inbound.event)) for inbound in events]
    whole = {text for strings in everything for text in strings}
    for number, text in enumerate(case.texts):
        require(text in whole, "C17", f"text number {number} of the case, {len(text)} characters", "it is cut or lost")


def _check_garbage(case: ChannelCase, raw: RawRequest) -> None:
    half = raw.body[: len(raw.body) // 2]
    for body in (*_GARBAGE, half, half + b'"\xff'):
        subject = shown(msgspec.structs.replace(raw, body=body), f"with {body[:8]!r}…" if body in _GARBAGE else "cut")
        _parsed(case, msgspec.structs.replace(raw, body=body), subject)


def _parsed(case: ChannelCase, raw: RawRequest, subject: str) -> Batch | None:
    """Parse a malformed request. None: it is `Malformed`."""
    try:
        return case.channel.parse(raw)
    except Malformed as error:
        absent(str(error), case.identifiers, "C19", subject)
        quotes = error.__cause__ is not None or (error.__context__ is not None and not error.__suppress_context__)
        require(not quotes, "C19", subject, "the error keeps its cause: raise it `from None`")
        return None
    except Exception as error:
        raise BrokenRule("C18", subject, raised(error)) from error


def _check_mutations(case: ChannelCase) -> None:
    """Check that a genuine request with one value of another type, length or depth is parsed or `Malformed`."""
    for place, raw in mutated(case.genuine):
        _parsed(case, raw, shown(raw, f"{place} changed"))


def _check_isolation(case: ChannelCase, batches: Sequence[Batch]) -> None:
    """Check that a changed copy of an item in a list loses none of the request's own items.

    A list holds items if a changed copy makes an event of its own.
    """
    lost: dict[str, str] = {}
    lists: set[str] = set()
    for number, place, raw in joined(case.genuine):
        own = {key for key, _ in keys_of(batches[number])}
        found = {key for key, _ in keys_of(_parsed(case, raw, shown(raw, f"an item more in {place}")) or Batch())}
        if found > own:
            lists.add(place)
        if not own <= found:
            lost.setdefault(place, shown(raw, f"an item more in {place}, which can't be read"))
    for place, once, often in lengthened(case.genuine, _ITEMS):
        few, many = (len((_parsed(case, raw, shown(raw, place)) or Batch()).inbound) for raw in (once, often))
        subject = shown(often, f"{_ITEMS} items more in {place}")
        require((many - few) % (_ITEMS - 1) == 0, "C11", subject, f"{many} events")
    for place in lists & lost.keys():
        raise BrokenRule("C64", lost[place], "events of the other items are missing")


_ITEMS: Final = 60
_RECENT_SECONDS: Final = 10 * 365 * 86_400
_TURNS: Final = 50
_STALLED_SECONDS: Final = 200
"""Seconds without a byte after which a channel must give up a download."""
"""Turns of the event loop for which `listen` runs before it is cancelled."""


async def check_files(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    """Check `fetch`, `discard` and `listen`.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    channel = peer.channel(server.url)
    async with opened(channel):
        if not peer.files:
            await _check_no_files(channel, server)
        for ref, content in peer.files:
            await _check_file(channel, peer, server, ref, content)
        server.answering(None)
        await _check_listening(channel)
    for ref, _ in peer.files:
        unreachable = peer.channel("http://127.0.0.1:9")
        async with opened(unreachable):
            found = await fetched(unreachable, ref)
            require(isinstance(found, OSError), "C52", "a provider that listens nowhere", _what(found))
            await _discard(unreachable, ref, "a provider that listens nowhere")
    for (ref, _), fault in product(peer.files, (Fault.STALL, Fault.STALL_LATER)):
        stalled, subject = peer.channel(server.url), f"a download: {fault.value}"
        async with opened(stalled):
            found = await server.stalling(fetched(stalled, ref), _STALLED_SECONDS, "C84", subject, fault)
            require(isinstance(found, OSError | MediaGone), "C84", subject, _what(found))


async def _check_no_files(channel: Channel, server: PeerServer) -> None:
    ref = MediaRef(account=channel.accounts[0], id="none")
    server.answering(None)
    found = await fetched(channel, ref)
    require(isinstance(found, MediaGone), "C51", "a file of a channel without files", _what(found))
    await _discard(channel, ref, "a channel without files")


async def _check_file(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, content: bytes) -> None:
    server.answering(None)
    found = await fetched(channel, ref)
    require(found == content, "C50", f"a file of {len(content)} bytes", _what(found))
    server.answering(peer.gone)
    found = await fetched(channel, ref)
    require(isinstance(found, MediaGone), "C51", "a file that is gone", _what(found))
    for script in (Reply(500), Reply(503), Fault.HANG_UP):
        server.answering(script)
        found = await fetched(channel, ref)
        require(isinstance(found, OSError), "C52", f"while the provider answers {script}", _what(found))
    server.answering(Fault.HALF)
    found = await fetched(channel, ref)
    require(isinstance(found, OSError | MediaGone), "C53", "half a file", _what(found))
    await _check_spoiled(channel, peer, server, ref, content)
    await _check_other_addresses(channel, peer, server, ref)
    for answer in (None, Reply(404), Reply(500), Fault.HANG_UP):
        server.answering(answer)
        subject = f"while the provider answers {'as usual' if answer is None else answer}"
        await _discard(channel, ref, subject)
        _check_deleted(peer, server, ref, subject)
    server.answering(None)
    other = msgspec.structs.replace(ref, id=another(ref.id))
    await _discard(channel, other, "another file")
    _check_deleted(peer, server, other, "another file")


def _check_deleted(peer: Peer, server: PeerServer, ref: MediaRef, subject: str) -> None:
    deleted = [peer.deletes(request) for request in server.received] if peer.deletes else [ref.id]
    found = f"{len(deleted)} requests: `Peer.deletes` reads this id in none, or another"
    require(set(filter(None, deleted)) == {ref.id}, "C55", subject, found)


async def _check_spoiled(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, content: bytes) -> None:
    """Check that a file is compared with the size and the hash that the provider announced."""
    half, changed = content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1])
    spoiled = [(half, "C53", "half of what was announced")] if peer.announces_size or ref.size or ref.sha256 else []
    if ref.sha256:
        spoiled.append((changed, "C76", "the announced size, with another byte"))
    for bad, rule, subject in spoiled:
        server.answering(None).spoiled = {content: bad}
        found = await fetched(channel, ref)
        server.spoiled = {}
        require(isinstance(found, OSError | MediaGone), rule, subject, _what(found))


_DISTANT: Final = "files.provider.example"
"""A host that is not this machine's by its name. Here it leads to this machine."""


def _resolved(host: str | None, *rest: Any, _resolve: Callable[..., Any] = socket.getaddrinfo, **more: Any) -> Any:
    return _resolve("localhost" if host == _DISTANT else host, *rest, **more)


async def _check_other_addresses(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef) -> None:
    location = f"{server.elsewhere}/file"
    for script in (Reply(302, headers={"Location": location}), Reply(200, f'{{"url":"{location}"}}'.encode())):
        server.answering(script)
        await _check_strayed(channel, peer, server, ref, "a file that is said to be at another address")
    server.answering(None).moved = server.elsewhere
    await _check_strayed(channel, peer, server, ref, "a file whose address is at another origin")
    subject = "a file whose address begins with http:// and is not this machine's"
    server.answering(None).moved = server.elsewhere.replace("localhost", _DISTANT)
    with patch("socket.getaddrinfo", _resolved):
        await _check_strayed(channel, peer, server, ref, subject)
    require(not server.strayed, "C81", subject, "it was fetched: check each address with `provider_url`")
    server.moved = ""


async def _check_strayed(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, subject: str) -> None:
    """Fetch a file, and check that the other address got no credential."""
    found = await fetched(channel, ref)
    strayed = "".join(f"{one.path}{one.query}{one.headers}{one.body!r}" for one in server.strayed)
    credentials = "authorization" in strayed.lower() or any(secret in strayed for secret in peer.secrets)
    require(not credentials, "C54", subject, "it was given our credentials")
    if isinstance(found, Exception):
        require(isinstance(found, OSError | MediaGone), "C52", subject, _what(found))


async def fetched(channel: Channel, ref: MediaRef) -> bytes | Exception:
    """Fetch a file; return its bytes, or the exception that was raised."""
    try:
        async with channel.fetch(ref) as chunks:
            return b"".join([chunk async for chunk in chunks])
    except Exception as error:  # noqa: BLE001 - the checks say which it may be
        return error


def _what(found: bytes | Exception) -> str:
    return f"{len(found)} bytes" if isinstance(found, bytes) else raised(found)


async def _discard(channel: Channel, ref: MediaRef, subject: str) -> None:
    try:
        await channel.discard(ref)
    except Exception as error:
        raise BrokenRule("C55", subject, raised(error)) from error


async def _check_listening(channel: Channel) -> None:
    if not isinstance(channel, ListeningChannel):
        return

    async def receive(batch: Batch) -> Outcome:
        del batch
        return Outcome()

    task = asyncio.ensure_future(channel.listen(receive))
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    require(bool(done), "C56", "listening that is cancelled", "it goes on")
