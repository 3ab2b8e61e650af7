"""The contract of a channel, as checks that a channel plugin runs against itself in one test.

async def test_it_keeps_the_contract() -> None:
    await check_channel(ChannelCase(channel=…, to=…, genuine=…, identifiers=…, texts=…, peer=Peer(…)))

Here are the checks of requests, which need no network (C01 to C21 and C58 to C62).
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Inbound, Malformed
from satark.plugins.returned_objects import problems_of
from satark_testing.contracts.channel_case import (
    ChannelCase,
    numbered_prompt,
    strings_of,
)
from satark_testing.contracts.channel_context import sample_channel_context
from satark_testing.contracts.events import check_events, check_keys, keys_of, let_the_clock_move
from satark_testing.contracts.fetching import check_files
from satark_testing.contracts.forgeries import forgeries, odd_headers, timed, times, without_secret
from satark_testing.contracts.lookalikes import check_addresses
from satark_testing.contracts.mutations import joined, lengthened, mutated
from satark_testing.contracts.prompts import check_meanings, check_prompts, check_replies
from satark_testing.contracts.provider_peer import BY_CHANCE, Peer, PeerServer, Received, Reply, Said
from satark_testing.contracts.registering import check_listening
from satark_testing.contracts.rules import RULES, BrokenRule, absent, alone, attempt, raised, require, shown
from satark_testing.contracts.sending import check_calls
from satark_testing.contracts.watching import Watch

__all__ = ["RULES", "BrokenRule", "ChannelCase", "Peer", "Received", "Reply", "Said"]
__all__ += ["check_channel", "sample_channel_context"]


async def check_channel(case: ChannelCase) -> None:
    """Run every rule of channels.

    Raises:
        BrokenRule: the channel breaks one; the message names it, what was tried and what was expected.
    """
    async with alone():
        await _check_all(case)


async def _check_all(case: ChannelCase) -> None:
    watch, files = Watch(), _ids_of_files(case)
    with watch.running("C59"):
        check_requests(case)
        check_prompts(case)
        with watch.no_files():
            check_requests(case)
            check_prompts(case, brief=True)
        require(watch.compares or not case.channel.endpoints, "C90", "all of `genuine`, also forged")
        check_meanings(case)
        check_replies(case)
        require(not watch.opened, "C60", "requests and prompts, the second time", "; ".join(watch.opened[:3]))
        if case.peer is not None:
            async with PeerServer(case.peer).serving() as server:
                await check_calls(case, case.peer, server)
                await check_files(case.peer, server)
                await check_listening(case.peer, server)
                await check_addresses(case)
            require(not server.addressed, "C89", "all requests", f"{len(server.addressed)} credentials in addresses")
            watch.check_output([*server.credentials], "C88")
    telling = [text for text in case.texts if len(text) > BY_CHANCE]
    words = numbered_prompt(60).text.split()[0]
    watch.check_output((*case.identifiers, case.to.reveal(), *files, *telling, words), "C58")
    watch.check_blocking("C59")


def _ids_of_files(case: ChannelCase) -> list[str]:
    """Return the ids of the peer's files, each of which is long enough to be looked for."""
    ids = [ref.id for ref, _ in case.peer.files] if case.peer else []
    short = [f"`{id_}`" for id_ in ids if len(id_) <= BY_CHANCE]
    found = f"{', '.join(short)}: a log has so short an id by chance, give a file one of more than {BY_CHANCE} letters"
    require(not short, "C58", "the case's `Peer.files`", found)
    return ids


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
    for raw in case.of_each_address():
        require(_verified(case, raw, "as it came"), "C06", shown(raw))
        _check_head(case, raw)
        for change, bare in without_secret(raw, case):
            require(not _verified(case, bare, change), "C08", shown(raw, change), _hint(raw, case))
        for change, forged in forgeries(raw, case):
            require(not _verified(case, forged, change), "C07", shown(raw, change))
        for change, odd in _odd(raw):
            _verified(case, odd, change)
    _check_stale(case)


def _check_stale(case: ChannelCase) -> None:
    """Check that `verify` refuses old requests, where a header holds a time."""
    for raw in case.stale:
        require(not case.channel.verify(raw), "C67", shown(raw, "too old"))
    names = sorted({name for raw in case.genuine for name in timed(raw, case)})
    require(case.stale or not names, "C67", "the case", f"no `stale`, although {', '.join(names)} holds a time")
    told = [time.time() - at for raw in case.stale for name in names for at in times(raw.headers.get(name, ""))]
    found = "none of `stale` is from the last 15 minutes"
    require(not names or any(0 < age < _QUARTER_SECONDS for age in told), "C67", "the case", found)


def _odd(raw: RawRequest) -> Iterator[tuple[str, RawRequest]]:
    for name in raw.headers:
        yield from odd_headers(raw, name)
    yield "headers that are not ASCII", msgspec.structs.replace(raw, headers=dict.fromkeys(raw.headers, "é\x00☂"))
    for query in ("%ff=&&é=%zz", "", f"{raw.query}&{raw.query}"):
        yield "another query", msgspec.structs.replace(raw, query=query)
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
_QUARTER_SECONDS: Final = 900
