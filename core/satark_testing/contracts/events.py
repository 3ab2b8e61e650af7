"""Checks the content of a request's events, and their keys (C05, C12 to C16, C62, C74, C75, C83)."""

import threading
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Edited, Inbound, Moved, Revoked
from satark_testing.contracts.channel_case import ChannelCase
from satark_testing.contracts.forgeries import times
from satark_testing.contracts.mutations import nudged
from satark_testing.contracts.rules import absent, require, shown

_LATEST: Final = 10**11
"""A time that no clock shows in seconds, and every clock in milliseconds."""
_JUST_NOW_SECONDS: Final = 5
_DAY_SECONDS: Final = 86_400
_ZONE_SECONDS: Final = 900
"""Every time zone is a multiple of this off UTC."""
_IDS: Final = {"ref": None, "original": None}
"""The fields of events that hold ids."""
_NEXT_SECONDS: Final = 1.1


def keys_of(batch: Batch) -> list[tuple[str, int | None]]:
    """Return the keys by which each event is recognised when it is delivered again."""
    return [(inbound.event_key, inbound.sent_at) for inbound in batch.inbound]


def check_events(case: ChannelCase, raw: RawRequest, batch: Batch) -> None:
    """Check each event of a request by itself, or raise `BrokenRule`."""
    for inbound in batch.inbound:
        require(inbound.account in case.channel.accounts, "C14", shown(raw), "an account that is not configured")
        require((inbound.sent_at or 0) < _LATEST, "C13", shown(raw), "`sent_at` is not in seconds")
        if inbound.sent_at is not None:
            _check_time(raw, inbound.sent_at)
        require(bool(inbound.event_key), "C12", shown(raw), "an event without a key")
        require(bool(inbound.senders), "C15", shown(raw), "an event without a sender")
        both = len(set(inbound.senders)) > 1 or not isinstance(inbound.event, Moved)
        require(both, "C75", shown(raw), "a `Moved` with one address in `senders`")
        new = not isinstance(inbound.event, Moved) or inbound.senders[0] in (case.moved_to or (case.to,))
        require(new, "C15", shown(raw), "a `Moved` whose first sender is none of `moved_to`")
        absent(msgspec.json.encode(inbound.event).decode(), case.identifiers, "C16", shown(raw))
        if isinstance(inbound.event, Edited | Revoked):
            named = inbound.event.original not in {"", inbound.event_key}
            require(named, "C62", shown(raw), "`original` is empty, or the event's own `event_key`")
    for code in batch.alarms:
        require(not any(map(str.isspace, code)), "C65", shown(raw), "an alarm's code is a sentence of the provider's")


def _check_time(raw: RawRequest, sent_at: int) -> None:
    """Check that an event's time is no future one, and that its time zone was not counted twice or left out."""
    require(sent_at < time.time() + _DAY_SECONDS, "C83", shown(raw), "a time in the future")
    apart = [abs(sent_at - one) for one in times(f"{raw.query} {raw.body.decode(errors='replace')}")]
    is_told = min(apart, default=0) <= 1
    shifted = [one for one in apart if one <= _DAY_SECONDS and min(one % _ZONE_SECONDS, -one % _ZONE_SECONDS) <= 1]
    require(
        is_told or not shifted, "C83", shown(raw), f"it is {max(shifted, default=0) / 3600:g} hours off the request's"
    )


def let_the_clock_move(batches: Sequence[Batch]) -> None:
    """Wait for the next second if an event claims to be from now: the time may be this machine's."""
    times = [inbound.sent_at for batch in batches for inbound in batch.inbound if inbound.sent_at]
    if any(abs(time.time() - at) < _JUST_NOW_SECONDS for at in times):
        threading.Event().wait(_NEXT_SECONDS)


def check_keys(case: ChannelCase, batches: Sequence[Batch]) -> None:
    """Check that keys tell the events of `genuine` apart, and can't be guessed, or raise `BrokenRule`."""
    events = [inbound for batch in batches for inbound in batch.inbound]
    mine = [inbound for inbound in events if case.to in inbound.senders]
    first = any(inbound.senders[0] == case.to for inbound in mine)
    require(first, "C15", "all of `genuine`", "no event whose first address is `to`")
    require(len(mine) > 1, "C05", "all of `genuine`", f"{len(mine)} event of the sender `to`")
    known = set[tuple[str, str]]()
    for inbound in events:
        found = "the `event_key` of another message (the same one, delivered again, belongs into `redelivered`)"
        key = inbound.account, inbound.event_key
        require(key not in known, "C12", f"a {type(inbound.event).__name__} of `genuine`", found)
        known.add(key)
    for raw in case.of_each_address():
        _check_guesses(case, raw, case.channel.parse(raw).inbound)
    _check_originals(events)


def _check_guesses(case: ChannelCase, raw: RawRequest, events: Sequence[Inbound]) -> None:
    """Check that each message's key depends on an id, not on sender, words and time alone, and its account on ours."""
    guessed, tried = {number for number, one in enumerate(events) if not isinstance(one.event, Moved)}, False
    accounts = case.channel.accounts
    # Who asked gets the answer; and a secret path is one account's, whatever the request says.
    is_sure = case.channel.capabilities.inline or case.proven_by == "path" or raw not in case.genuine
    names = () if is_sure else {one.partition(":")[2] for one in accounts}
    by_call = case.channel.capabilities.kind == "voice"  # a caller has no name but the call's id
    for value, other in nudged(raw):
        try:
            found = case.channel.parse(other).inbound
        except Exception:  # noqa: BLE001, S112 - another check finds what is no `Malformed`
            continue
        ours = value in names and any(one.account in accounts for one in found)
        require(not ours, "C14", shown(raw), "events of a request that names another account")
        timed = value.isdigit() and times(value) and not case.keyed_by_time
        pairs = zip(found, events, strict=False)
        same = all(a.sent_at == b.sent_at and (by_call or a.senders == b.senders) for a, b in pairs)
        if same and not timed and len(found) == len(events):
            tried = True
            others = {at for at in guessed if found[at].event_key != events[at].event_key}
            guessed -= {at for at in others if _alike(found, events, at)}
    require(not (tried and guessed), "C74", shown(raw), f"of {len(guessed)} events no id changes the key")


def _alike(found: Sequence[Inbound], events: Sequence[Inbound], at: int) -> bool:
    """Return whether two events say the same, except the ids in them."""
    one, other = ({**msgspec.to_builtins(each[at].event), **_IDS} for each in (found, events))
    return bool(one == other)


def _check_originals(events: Sequence[Inbound]) -> None:
    for inbound in events:
        if isinstance(inbound.event, Edited | Revoked):
            subject = f"the `original` of {type(inbound.event).__name__} in `genuine`"
            others = {other.message_key or other.event_key for other in events if other is not inbound}
            found = inbound.event.original in others
            require(found, "C62", subject, "no `event_key` (or `message_key`) of another message of `genuine`")
