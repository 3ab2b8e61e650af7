"""Checks what a channel hears and shows: the meaning of each event, and the label of each choice (C17, C65 to C68)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from satark.api.inbound import Edited, Event, Inbound, Media, Revoked, Tap
from satark.api.outbound import Call
from satark.api.prompt import Choice
from satark_files.decoding import DECODING_ERRORS
from satark_testing.contracts.channel_case import ChannelCase, strings_of
from satark_testing.contracts.mutations import with_text
from satark_testing.contracts.rules import attempt, require, shown

SAID: Final = "क्‍ष 👩‍👩‍👧 ✔️\n\nمرحبا 1234 5678 9012 3456 ½ (٣) <b>&amp;</b> *_~`\\ 🎲"
"""A text that is easily damaged: joined emoji, ZWJ, line breaks, a receipt's digits, right-to-left text, markup."""
_HEARD: Final = f"  {SAID}\n"
_TAPPED: Final = (Choice("t1", "हाँ"), Choice("t2", "नहीं"))


def check_meanings(case: ChannelCase) -> None:
    """Check events against what the case says that they mean, and that old requests are refused.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    for genuine, text, raw in with_text(case.genuine, case.texts, _HEARD):
        events = case.channel.parse(raw).inbound
        if _hold(case.channel.parse(genuine).inbound, text) and not _hold(events, text):
            require(_hold(events, _HEARD), "C17", shown(raw, "with another text"), "it is trimmed or changed")
    for raw, meant in case.means:
        found = attempt("C65", shown(raw), lambda raw=raw: case.channel.parse(raw).inbound)  # type: ignore[misc]
        heard = [_meaning(inbound.event) for inbound in found]
        require(heard == [_meaning(event) for event in meant], "C65", shown(raw), ", ".join(map(_kind, heard)))
    _check_taps(case)
    for raw in case.stale:
        require(not case.channel.verify(raw), "C67", shown(raw, "too old"))


def _check_taps(case: ChannelCase) -> None:
    limits = case.channel.capabilities
    if not (limits.buttons or limits.rows) or not case.channel.endpoints:
        return
    require(case.tapped is not None, "C66", "a tap", "the case has no `tapped`, which makes the request of a tap")
    for choice in _TAPPED if case.tapped else ():
        (raw, subject) = (case.tapped(choice), "a tap")  # type: ignore[misc]
        events = [inbound.event for inbound in case.channel.parse(raw).inbound]
        taps = [event.token for event in events if isinstance(event, Tap)]
        require(taps == [choice.token], "C66", subject, ", ".join(map(_kind, events)))


def check_labels(calls: Sequence[Call], choices: Sequence[Choice], subject: str) -> None:
    """Check that each choice stands beside its own label, wherever a call's body is JSON.

    Raises:
        BrokenRule: a label is missing, or stands beside another choice.
    """
    labels = [choice.label for choice in choices]
    for call in calls:
        try:
            body = msgspec.json.decode(call.body)
        except DECODING_ERRORS:
            continue
        for choice in choices:
            beside = _labels_beside(body, choice.token, labels)
            require(beside in (None, {choice.label}), "C68", subject, "a choice without its label, or with another's")


def _labels_beside(value: Any, token: str, labels: Sequence[str]) -> set[str] | None:
    """Return the labels in the smallest part that holds a token and any label; None if no part holds the token."""
    strings = set(strings_of(value))
    if token not in strings:
        return None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    inner = next((found for part in parts if (found := _labels_beside(part, token, labels)) is not None), None)
    return inner or strings & set(labels)


def _hold(events: Sequence[Inbound], text: str) -> bool:
    written = (msgspec.to_builtins(one.event) for one in events)
    return any(text in strings_of({**event, "ref": None}) for event in written)


def _meaning(event: Event) -> object:
    """Return what of an event the case can know: not its keys, nor how the channel names a file."""
    if isinstance(event, Media):
        return "media", event.kind, event.caption
    if isinstance(event, Edited):
        return "edited", event.body
    return ("revoked",) if isinstance(event, Revoked) else Tap(event.token) if isinstance(event, Tap) else event


def _kind(event: object) -> str:
    return str(event[:2]) if isinstance(event, tuple) else type(event).__name__
