"""Checks how a channel handles requests: the rules C01 to C21 and C58 to C62, which need no network."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Edited, Inbound, Malformed, Revoked
from satark.plugins.handed_over import problems_of
from satark_testing.contracts.channel_case import ChannelCase, forgeries, strings_of, without_secret
from satark_testing.contracts.mutations import joined, mutated
from satark_testing.contracts.rules import BrokenRule, absent, attempt, raised, require, shown

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
        bare = without_secret(raw, case)
        require(
            not _verified(case, bare, "without its secret"), "C08", shown(raw, "without its secret"), _hint(raw, case)
        )
        for change, forged in forgeries(raw, case):
            require(not _verified(case, forged, change), "C07", shown(raw, change))
        for change, odd in _odd(raw):
            _verified(case, odd, change)


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
    for raw, batch in zip(case.genuine, batches, strict=True):
        require(_keys(batch) == _keys(case.channel.parse(raw)), "C13", shown(raw, "parsed twice"))
        _check_events(case, raw, batch)
        _check_garbage(case, raw)
        for text in (repr(raw), repr(batch), *(repr(inbound.senders) for inbound in batch.inbound)):
            absent(text, (*case.identifiers, case.to.reveal()), "C20", shown(raw))
    for first, second in case.redelivered:
        same = _keys(case.channel.parse(first)) == _keys(case.channel.parse(second))
        require(same, "C13", shown(second, "delivered again"))
    _check_keys(case, events)
    _check_texts(case, events)
    _check_mutations(case)
    _check_isolation(case, batches)


def _keys(batch: Batch) -> list[tuple[str, int | None]]:
    """Return the keys by which each event is recognised when it is delivered again."""
    return [(inbound.event_key, inbound.sent_at) for inbound in batch.inbound]


def _check_keys(case: ChannelCase, events: list[Inbound]) -> None:
    mine = [inbound for inbound in events if case.to in inbound.senders]
    first = any(inbound.senders[0] == case.to for inbound in mine)
    require(first, "C15", "all of `genuine`", "no event whose first address is `to`")
    require(len(mine) > 1, "C05", "all of `genuine`", f"{len(mine)} event of the sender `to`")
    known: dict[tuple[str, str], bytes] = {}
    for inbound in events:
        content = msgspec.json.encode(inbound.event)
        before = known.setdefault((inbound.account, inbound.event_key), content)
        require(before == content, "C12", "two different events of `genuine`", "the same event_key")
    made = {inbound.message_key or inbound.event_key for inbound in events}
    for inbound in events:
        if isinstance(inbound.event, Edited | Revoked):
            require(
                inbound.event.original in made, "C62", "an edit or a withdrawal in `genuine`", "no such message there"
            )


def _check_texts(case: ChannelCase, events: list[Inbound]) -> None:
    everything = [strings_of(msgspec.to_builtins(inbound.event)) for inbound in events]
    whole = {text for strings in everything for text in strings}
    for number, text in enumerate(case.texts):
        require(text in whole, "C17", f"text number {number} of the case, {len(text)} characters", "it is cut or lost")


def _check_events(case: ChannelCase, raw: RawRequest, batch: Batch) -> None:
    for inbound in batch.inbound:
        require(inbound.account in case.channel.accounts, "C14", shown(raw), "an account that is not configured")
        require(bool(inbound.event_key), "C12", shown(raw), "an event without a key")
        require(bool(inbound.senders), "C15", shown(raw), "an event without a sender")
        event = msgspec.json.encode(inbound.event).decode()
        absent(event, case.identifiers, "C16", shown(raw))


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
    """Check that a genuine request of which one value is of another type, length or depth is parsed or `Malformed`."""
    for place, raw in mutated(case.genuine):
        _parsed(case, raw, shown(raw, f"{place} changed"))


def _check_isolation(case: ChannelCase, batches: Sequence[Batch]) -> None:
    """Check that a changed copy of an item costs none of its request's own items, wherever a list holds items.

    A list holds items if a changed copy makes an event of its own.
    """
    lost: dict[str, str] = {}
    lists: set[str] = set()
    for number, place, raw in joined(case.genuine):
        own = {key for key, _ in _keys(batches[number])}
        found = {key for key, _ in _keys(_parsed(case, raw, shown(raw, f"an item more in {place}")) or Batch())}
        if found > own:
            lists.add(place)
        if not own <= found:
            lost.setdefault(place, shown(raw, f"an item more in {place}, which can't be read"))
    for place in lists & lost.keys():
        raise BrokenRule("C64", lost[place], "events of the other items are missing")
