"""Checks a channel's output and input: replies and calls (C20, C22 to C31), events and labels (C17, C65 to C68)."""

from collections.abc import Sequence
from itertools import product
from typing import Any, Final, Literal

import msgspec

from satark.api.channel import Outcome, RawRequest, RawResponse
from satark.api.inbound import Address, CompleteTip, Inbound, Media, Pin, Tap, Unsupported
from satark.api.outbound import Call, Delivered
from satark.api.prompt import Prompt
from satark_files.decoding import DECODING_ERRORS
from satark_testing.contracts.channel_case import (
    SAID,
    ChannelCase,
    Meaning,
    lost_words,
    numbered_prompt,
    prompts_at_the_limits,
    strings_of,
)
from satark_testing.contracts.events import check_events
from satark_testing.contracts.mutations import another, with_value
from satark_testing.contracts.rules import BrokenRule, absent, attempt, raised, require, shown

_HEARD: Final = f"  {SAID}\t\u00a0\r\n\n"
_UNKNOWN: Final = {Media: "ref", Unsupported: "what"}
"""The field of an event that the case can't know."""
_OPTIONAL: Final = {"title", "original"}
"""Fields of events that are compared only if the case gives them."""
_DEGREES: Final = (0, 25.3176451)
"""Degrees that a pin loses easily: the equator, and the centimetres."""
_CALL_ID: Final = "0190aef0" * 4
"""An id as the host gives them to calls."""
_LONG: Final = 4_000
"""Characters of a long message, which most media take."""


def check_meanings(case: ChannelCase) -> None:
    """Check events against the meanings that the case gives.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    for new in (_HEARD, numbered_prompt(_LONG).text):
        for genuine, text, raw in with_value(case.genuine, case.texts, new):
            events = case.channel.parse(raw).inbound
            if _count(events, text) < _count(case.channel.parse(genuine).inbound, text):
                subject = shown(raw, f"with a text of {len(new)} characters")
                require(_count(events, new), "C17", subject, "it is trimmed, cut or changed")
    for raw, meant in case.means:
        batch = attempt("C65", shown(raw), lambda raw=raw: case.channel.parse(raw))  # type: ignore[misc]
        heard = [*(inbound.event for inbound in batch.inbound), *batch.delivered, *batch.alarms]
        require(not (found := _differences(meant, heard)), "C65", shown(raw), found)
        check_events(case, raw, batch)
        _check_values(case, raw, meant)
    _check_taps(case)
    _check_references(case)


def _check_values(case: ChannelCase, raw: RawRequest, meant: Sequence[Meaning]) -> None:
    """Check that pins keep all their digits, also on the equator, and that a late result names its call whole."""
    pins = [one for one in meant if isinstance(one, Pin)]
    for pin, name, degrees in product(pins, ("latitude", "longitude"), _DEGREES):
        known = getattr(pin, name)
        made = [other for _, _, other in with_value([raw], [known, str(known)], degrees)]
        heard = [each.event for other in made for each in case.channel.parse(other).inbound]
        there = any(isinstance(one, Pin) and getattr(one, name) == degrees for one in heard)
        subject = shown(raw, f"with the {name} {degrees} in place of {known}")
        require(there or not made, "C65", subject, "no pin there: it is rounded, or 0 counts as none")
    for one in meant:
        if isinstance(one, Delivered):
            for _, _, other in with_value([raw], [one.call_id], _CALL_ID):
                late = [each.call_id for each in case.channel.parse(other).delivered]
                require(late == [_CALL_ID], "C65", shown(raw, "with the host's call id"), "another call id")


def _check_references(case: ChannelCase) -> None:
    requests = (*case.genuine, *(raw for raw, _ in case.means))
    events = [inbound.event for raw in requests for inbound in case.channel.parse(raw).inbound]
    files = (event.content if isinstance(event, CompleteTip) else event for event in events)
    given = {file.ref for file in files if isinstance(file, Media)}
    for number, (ref, _) in enumerate(case.peer.files if case.peer else ()):
        require(ref in given, "C73", f"file number {number} of the peer", "no such reference")


def _check_taps(case: ChannelCase) -> None:
    limits = case.channel.capabilities
    if not (limits.buttons or limits.rows) or not case.channel.endpoints:
        return
    require(case.tapped is not None, "C66", "a tap", "the case has no `tapped`, which makes the request of a tap")
    heard = [inbound for raw in case.genuine for inbound in case.channel.parse(raw).inbound]
    senders = {inbound.senders[0] for inbound in heard if not isinstance(inbound.event, Tap)}
    for choice, raw in case.taps():
        batch = case.channel.parse(raw)
        events = [inbound.event for inbound in batch.inbound]
        taps = [event.token for event in events if isinstance(event, Tap)]
        require(taps == [choice.token], "C66", "a tap", ", ".join(map(_kind, events)))
        check_events(case, raw, batch)
        known = batch.inbound[0].senders[0] in senders
        require(known, "C15", "a tap", "its first address is that of no sender of `genuine`")


def check_replies(case: ChannelCase) -> None:
    """Check that the provider gets the response that it waits for.

    Raises:
        BrokenRule: it does not.
    """
    for raw, body in case.replies:
        require(attempt("C09", shown(raw), lambda raw=raw: case.channel.verify(raw)), "C06", shown(raw))  # type: ignore[misc]
        given = _answer(case, raw, Outcome(), shown(raw)).body
        require(given == body, "C91", shown(raw), f"{len(given)} bytes, not the {len(body)} that it waits for")


def _json(call: Call) -> Any:
    try:
        return msgspec.json.decode(call.body)
    except DECODING_ERRORS:
        return None


def _count(events: Sequence[Inbound], text: str) -> int:
    """Return how often the events hold a text."""
    written = ({**msgspec.to_builtins(one.event), "ref": None} for one in events)
    return sum(one == text for event in written for one in strings_of(event))


def _differences(meant: Sequence[Meaning], heard: Sequence[Meaning]) -> str:
    """Name the kinds of events, or their fields, that differ; empty: none does. A text is never quoted."""
    expected, found = [", ".join(map(_kind, events)) or "nothing" for events in (meant, heard)]
    if expected != found:
        return f"{found} in place of {expected}"
    pairs = [(_kind(one), _fields(one), _fields(other)) for one, other in zip(meant, heard, strict=True)]
    told = ((kind, name, one[name], other[name]) for kind, one, other in pairs for name in one)
    lost = [f"{kind}.{name}" for kind, name, one, other in told if one != other and (one or name not in _OPTIONAL)]
    return f"another {', '.join(lost)}" if lost else ""


def _fields(event: Meaning) -> dict[str, object]:
    """Return the parts of an event that the case can know: without its keys and the channel's name of a file."""
    if isinstance(event, str):
        return {"code": event}
    fields = msgspec.structs.asdict(event)
    if isinstance(event, Delivered):
        return {**fields, "result": type(event.result)}
    return {name: value for name, value in fields.items() if name != _UNKNOWN.get(type(event))}


def _kind(event: object) -> str:
    return "an alarm" if isinstance(event, str) else type(event).__name__


_STATES: tuple[Literal["accepted", "spooled", "refused"], ...] = ("accepted", "spooled", "refused")
_SHORT = 200
"""Length of a prompt, in characters, that fits into one message of every medium."""


def check_prompts(case: ChannelCase, *, brief: bool = False) -> None:
    """Check replies and renderings. `brief`: check only those of the first prompt.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    limits = list(prompts_at_the_limits(case.channel.capabilities))
    if brief:
        limits = [numbered_prompt(min(_SHORT, case.channel.capabilities.text))]
    _check_replies(case, limits if case.channel.capabilities.inline else [])
    other = numbered_prompt(min(_SHORT, case.channel.capabilities.text)), Address(another(case.to.reveal()))
    before = _rendered(case, *other, "another person's prompt")
    for number, prompt in enumerate(limits):
        subject = f"prompt number {number} at the limits of the capabilities"
        _check_renderings(case, prompt, subject)
        same = before == _rendered(case, *other, subject)
        require(same, "C29", f"{subject}, and then another person's", "it has something of the one before")


def _check_replies(case: ChannelCase, limits: Sequence[Prompt]) -> None:
    channel = case.channel
    whole = numbered_prompt(min(_SHORT, channel.capabilities.text))
    for raw in case.genuine or [RawRequest(method="POST", path="/")]:
        inline = channel.capabilities.inline and (not case.genuine or bool(channel.parse(raw).inbound))
        for state in _STATES:
            subject = shown(raw, f"outcome {state}")
            _answer(case, raw, Outcome(state=state), f"{subject}, no prompt")
            for prompt in (*limits, whole):
                answer = _answer(case, raw, Outcome(prompts=(prompt,), state=state), subject)
                require(bool(answer.body) or not inline, "C23", subject, "an empty response")
            text = answer.body.decode(errors="replace")
            absent(text, case.identifiers, "C24", subject)
            if inline and state == "accepted":
                lost = lost_words(whole, _said(answer.body))
                require(not lost, "C23", subject, "words are missing")
        limits = ()  # once is enough


def _answer(case: ChannelCase, raw: RawRequest, outcome: Outcome, subject: str) -> RawResponse:
    answer = attempt("C22", subject, lambda: case.channel.reply(raw, outcome))
    require(isinstance(answer, RawResponse), "C22", subject, type(answer).__name__)
    require(answer.status == 200, "C22", subject, f"status {answer.status}")  # noqa: PLR2004 - HTTP: OK
    return answer


def _said(body: bytes) -> str:
    """Return the text of a response: the strings of JSON, or the body without tags."""
    try:
        return " ".join(strings_of(msgspec.json.decode(body)))
    except DECODING_ERRORS:
        return body.decode(errors="replace").replace("<", " ").replace(">", " ")


def _rendered(case: ChannelCase, prompt: Prompt, to: Address, subject: str) -> Sequence[Call]:
    return attempt("C25", subject, lambda: tuple(case.channel.render(prompt, case.channel.accounts[0], to)))


def _check_renderings(case: ChannelCase, prompt: Prompt, subject: str) -> None:
    channel, account = case.channel, case.channel.accounts[0]
    for render in (channel.render, channel.notice):
        calls = attempt("C25", subject, lambda: tuple(render(prompt, account, case.to)))  # noqa: B023 - called at once
        require(calls == tuple(render(prompt, account, case.to)), "C29", subject)
        if case.peer is None:
            require(not calls, "C30", subject, "calls, but the case has no peer")
            continue
        if not case.peer.silent:
            require(bool(calls), "C25", subject, "no call")
            _check_calls(case, prompt, calls, subject)


def _check_calls(case: ChannelCase, prompt: Prompt, calls: Sequence[Call], subject: str) -> None:
    for call in calls:
        require(call.account == case.channel.accounts[0], "C26", subject, "a call of another account")
        absent(repr(call), (*case.identifiers, case.to.reveal()), "C20", f"{subject}, the repr of a call")
        try:
            case.accepts(call)
        except Exception as error:
            raise BrokenRule("C27", subject, f"refused: {raised(error)}") from error
    bodies = b"\n".join(call.body for call in calls)
    shown_actions = prompt.actions if prompt.choices else ()
    places = [bodies.find(choice.token.encode()) for choice in (*prompt.choices, *shown_actions)]
    require(-1 not in places, "C28", subject, "the token of a choice or an action is missing")
    choices = places[: len(prompt.choices)]
    require(choices == sorted(choices), "C28", subject, "the choices are in another order")
    is_list = prompt.menu_label and len(prompt.choices) + len(prompt.actions) > case.channel.capabilities.buttons
    written = [set(strings_of(body)) for body in map(_json, calls) if body is not None]
    named = not written or any(prompt.menu_label in strings for strings in written)
    require(not is_list or named, "C68", subject, "a list without its `menu_label`")
