"""Releases: which desks hold a release of a tip in place of the tip's key, as the tip's thread says. No I/O.

A release has a key of its own. What desks write from then on is sealed to this key too, except what may point to the
tipster or does not concern the directed desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from satark.api.sealing import recipient_of
from satark.api.tip import FINISHED_STATUSES, Envelope, Message, Release, Tip

_FOR_ONE = frozenset({"directed", "ordered"})
"""Steps that concern the desk that they name, and no other."""
_FOR_ALL = frozenset({"reported", "asked_to_close", "refused_to_close", "closed", "corrected"})
"""Steps that every directed desk may know of."""


def releases(messages: Iterable[Message]) -> dict[str, Release]:
    """Return the present release of each desk; a desk has none after a withdrawal, or once it has the tip itself."""
    found: dict[str, Release] = {}
    for message in messages:
        step = message.case if message.sender == "desk" else None
        if step is None or step.kind not in {"directed", "withdrawn"}:
            continue
        found.pop(step.to, None)
        if step.release:
            found[step.to] = step.release
    return found


def release_recipients(thread: Sequence[Message], message: Message) -> dict[str, str]:
    """Return the desks that read the thread's next message through a release, each with the recipient to seal to."""
    known = releases([*thread, message])
    return {desk: recipient_of(release.key) for desk, release in known.items() if _concerns(message, desk)}


def _concerns(message: Message, desk: str) -> bool:
    if message.sender != "desk" or message.private or message.transcript or message.retention:
        return False
    if not message.internal:  # a message to the tipster may quote them: pass on only that the work is over
        return message.status in FINISHED_STATUSES or message.status == "REOPENED"
    step = message.case
    return step is None or step.kind in _FOR_ALL or (step.kind in _FOR_ONE and step.to == desk)


def released_tip(envelope: Envelope, thread: Iterable[Message]) -> Tip:
    """Return what a desk reads of a tip of which it has a release alone: neither language nor channel, no files."""
    header, release = envelope.header, releases(thread).get(envelope.desk)
    answers: dict[str, str] = dict(release.answers) if release else {}
    if release and release.text:
        answers = {"what": release.text, **answers}
    return Tip(
        number=header.number,
        revision=header.revision,
        flow="",
        language="",
        channel="",
        category=header.category,
        received=header.received,
        answers=answers,
        district=header.district,
        station=header.station,
    )
