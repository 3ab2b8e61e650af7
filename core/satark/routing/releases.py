"""Who has a tip's key, and who has a release instead, according to the tip's envelope and thread. No I/O.

Rows of envelopes prove nothing: whoever writes to the databases can add one. Once a desk has a release, the desks'
messages are sealed to this desk's own key too, which it changes when it removes an officer. Excepted are messages that
may point to the tipster, such as each text to them, or do not concern the desk.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from satark.api.tip import FINISHED_STATUSES, Checkpoint, Envelope, Message, Release, Tip

_FOR_ONE = frozenset({"directed", "ordered"})
"""Steps that concern the desk that they name, and no other."""
_FOR_ALL = frozenset({"reported", "asked_to_close", "refused_to_close", "closed", "corrected"})
"""Steps that every directed desk may know of."""
_PASSED_ON = FINISHED_STATUSES | {"REOPENED"}
"""Statuses that every directed desk may know of."""
_OF_RELEASES = frozenset({"reported", "asked_to_close", "assigned", "recused", "readmitted", "unattended"})
"""Steps that a desk with only a release may take. For any other step, it asks in a note."""


class Access:
    """The desks that have a tip, and their rights to it."""

    def __init__(self, envelope: Envelope, messages: Iterable[Message] = (), point: Checkpoint | None = None) -> None:
        """Read the access from an opened envelope, or from its checkpoint, and the messages since."""
        self._excluded = frozenset(envelope.header.excluded)
        self._has_release = bool(envelope.tip_recipient)
        self._desk = envelope.desk
        listed = set(envelope.holders).union(*envelope.holders.values())
        own = {} if envelope.tip_recipient or envelope.desk in listed else {envelope.desk: ()}
        self.holders = {desk: to for desk, to in {**own, **envelope.holders}.items() if desk not in self._excluded}
        """Desk that has the tip's key → its destinations that have the key too."""
        self.releases: dict[str, Release] = {}
        """Desk that has a release in place of the tip's key → its present release."""
        self.answers_to = dict(envelope.answers_to)
        """Desk → the desk that it answers to. That desk, and those above it in this chain, may take the tip back."""
        if point:
            self.holders, self.releases = dict(point.holders), dict(point.releases)
            self.answers_to = dict(point.answers_to)
        for message in messages:
            self.follow(message)

    def follow(self, message: Message) -> None:
        """Apply the thread's next message."""
        step = message.case if message.sender == "desk" else None
        if step is None or step.kind not in {"directed", "withdrawn", "shared"} or step.to in self._excluded:
            return
        if step.kind == "withdrawn":
            self.withdraw(step.to, message.desk)
            return
        if step.kind == "shared":
            if step.to == message.desk in self.holders:
                self.holders[step.to] = tuple({*self.holders[step.to], *step.destinations})
            return
        destinations = step.destinations if self.may_give(message.desk, step.to) else ()
        is_new = step.to not in self.holders and step.to not in self.releases
        if is_new or self.may_withdraw(message.desk, self.answers_to.get(step.to, "")):
            self.answers_to[step.to] = message.desk
        self.releases.pop(step.to, None)
        if step.release is None:
            self.holders[step.to] = tuple({*self.holders.get(step.to, ()), *destinations})
        elif step.to not in self.holders:
            self.releases[step.to] = step.release

    def narrowed(self, point: Checkpoint) -> Access:
        """Return this access without the desks that a checkpoint lacks, if its desk may withdraw the tip from them."""
        given, every = copy(self), (*self.holders, *self.releases)
        kept = {one for one in every if one == self._desk or not self.may_withdraw(point.desk, one)}
        given.holders = {one: to for one, to in self.holders.items() if one in {*point.holders, *kept}}
        given.releases = {one: to for one, to in self.releases.items() if one in {*point.releases, *kept}}
        given.answers_to = dict(self.answers_to)
        return given

    def withdraw(self, desk: str, by: str) -> None:
        """Take the tip from a desk. Desks that it directed keep the tip, and answer to the desk that it answered to."""
        self.releases.pop(desk, None)
        self.holders.pop(desk, None)
        above = self.answers_to.pop(desk, by)
        self.answers_to = {one: above if to == desk else to for one, to in self.answers_to.items()}

    def may_withdraw(self, desk: str, other: str) -> bool:
        """Return whether a desk may take the tip back from another: it directed that desk, or a desk in between."""
        for _ in self.answers_to:  # a forged envelope could name a circle
            other = self.answers_to.get(other, "")
            if other == desk:
                return True
        return False

    def may_give(self, desk: str, other: str) -> bool:
        """Return whether a desk may let another's destinations read the tip: it gives or gave that desk the tip."""
        return not {other} & {*self.holders, *self.releases} or self.may_withdraw(desk, other)

    def may_write(self, message: Message) -> bool:
        """Return whether the message's desk has the tip, and so may take this step. A release tells of no others.

        A desk with a release alone writes to desks, not to the tipster, and decides nothing.
        """
        step = message.case
        if self._has_release and message.desk != self._desk:
            return True
        if message.desk in self.holders:
            return step is None or step.kind != "withdrawn" or self.may_withdraw(message.desk, step.to)
        has_release = self._has_release or message.desk in self.releases
        decides = message.status or message.retention or message.transcript or message.question
        return has_release and message.internal and not decides and (step is None or step.kind in _OF_RELEASES)

    def may_write_as_destination(self, message: Message, name: str) -> bool:
        """Return whether a destination that reads the tip may write the message: as itself, or to ask for its desk."""
        desks = {desk for desk, destinations in self.holders.items() if name in destinations}
        if message.case:
            return message.case.kind == "asked_to_close" and message.desk in desks
        return bool(desks) and message.desk == name and not message.retention

    @property
    def readers(self) -> frozenset[str]:
        """The desks and destinations that have the tip's key."""
        return frozenset(self.holders).union(*self.holders.values())

    def release_readers(self, message: Message) -> list[str]:
        """Apply the next message; return the desks that read it through a release."""
        self.follow(message)
        return [one for one in self.releases if _concerns(message, one)]


def _concerns(message: Message, desk: str) -> bool:
    if message.sender != "desk" or message.private or message.transcript or message.retention:
        return False
    if not message.internal:  # a text to the tipster may quote them: see `told_to_releases`
        return message.status in _PASSED_ON and not message.text
    step = message.case
    return step is None or step.kind in _FOR_ALL or (step.kind in _FOR_ONE and step.to == desk)


def told_to_releases(message: Message, *, is_over: bool) -> Message | None:
    """Return what tells desks with a release that the work is over or begins again, if the message itself does not.

    `is_over`: whether they know the work to be over.
    """
    must_be_told = message.text if message.status in _PASSED_ON else is_over
    if message.internal or not message.status or not must_be_told:
        return None
    status = message.status if message.status in FINISHED_STATUSES else "IN_REVIEW"  # REOPENED tells of a dispute
    return Message(sender="desk", desk=message.desk, status=status, internal=True)


def hash_of_release(envelope: Envelope) -> bytes:
    """Return the hash of an envelope with a release as it was given, before the receiver's own keys were added."""
    given = replace(envelope, identity=envelope.identity.partition("\n")[0])
    return sha256(msgspec.json.encode(given, order="deterministic")).digest()


def released_tip(envelope: Envelope, thread: Iterable[Message]) -> Tip:
    """Return the tip as a desk with only a release reads it: without language, channel and files."""
    header, release = envelope.header, Access(envelope, thread).releases.get(envelope.desk)
    answers: dict[str, str] = dict(release.answers) if release else {}
    if release and release.text:
        answers = {"what": release.text, **answers}
    told = ("number", "revision", "category", "received", "district", "station")
    about = {name: getattr(header, name) for name in told}
    return Tip(flow="", language="", channel="", answers=answers, **about)
