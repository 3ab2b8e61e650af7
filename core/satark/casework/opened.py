"""What casework gives: a line of a queue, an opened tip, and what can go wrong."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from satark.casework.errors import NoSuchFile, NotHeard
from satark.evidence.own_voice import OwnVoice
from satark.tip import Envelope, Evidence, Header, Message, Status, Tip

FINISHED: frozenset[Status] = frozenset({"ACTED", "UNCONFIRMED", "MERGED", "TRANSFERRED", "CLOSED"})
"""The statuses after which a tip waits for nobody."""


class Posted(msgspec.Struct, frozen=True):
    """A message and its place in the tip's thread."""

    seq: int
    message: Message


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One tip as a queue lists it."""

    id: str
    header: Header
    status: Status
    heard: int
    """`seq` of the tipster's newest message, 0 where there is none."""
    asked: bool
    """Whether a question to the tipster waits for an answer."""

    @property
    def finished(self) -> bool:
        """Whether it waits for nobody any more."""
        return self.status in FINISHED

    def __repr__(self) -> str:
        return "Summary(…)"


class OpenTip(msgspec.Struct, frozen=True, kw_only=True):
    """A tip with everything that belongs to it, opened."""

    id: str
    envelope: Envelope
    tip: Tip
    thread: tuple[Posted, ...]
    evidence: tuple[Evidence, ...]
    """Files that are here and may be shown and passed on, in the order they were sent."""
    voices: tuple[OwnVoice, ...] = ()
    """Recordings of the tipster's own voice, likewise: heard at the desk alone."""
    pending: tuple[str, ...] = ()
    """Ordinals of files that are still being fetched."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer had."""
    damaged: int = 0
    """Messages and file records that do not open: altered, or not this tip's."""
    waiting: int = 0
    """In an office of its own: messages at the end of the thread that the host has not sent back yet."""
    refused: int = 0
    """Those among them that the host won't take."""

    @property
    def header(self) -> Header:
        """What the queue lists of it."""
        return self.envelope.header

    @property
    def status(self) -> Status:
        """Its present status."""
        return status_of(self.thread)

    @property
    def records(self) -> tuple[Evidence, ...]:
        """The records of all files, voices among them: what is known of them, and not a way to read them."""
        every = (*self.evidence, *(voice.record for voice in self.voices))
        return tuple(sorted(every, key=lambda record: (len(record.ordinal), record.ordinal)))

    def file(self, ordinal: str) -> Evidence:
        """Give the record of one file that may be shown and passed on.

        Raises:
            NotHeard: it is the tipster's own voice.
            NoSuchFile: it is not there.
        """
        for record in self.evidence:
            if record.ordinal == ordinal:
                return record
        if any(voice.ordinal == ordinal for voice in self.voices):
            raise NotHeard
        raise NoSuchFile

    def voice(self, ordinal: str) -> OwnVoice:
        """Give a recording of the tipster's own voice.

        Raises:
            NoSuchFile: there is none of this ordinal.
        """
        for voice in self.voices:
            if voice.ordinal == ordinal:
                return voice
        raise NoSuchFile

    def transcript(self, ordinal: str) -> str:
        """What is said in a recording, as it was last written out; empty where nobody did."""
        return transcripts_of(self.thread).get(ordinal, "")

    def __repr__(self) -> str:
        return "OpenTip(…)"


def status_of(thread: Sequence[Posted]) -> Status:
    """The newest status that a desk gave."""
    for posted in reversed(thread):
        if posted.message.sender == "desk" and posted.message.status:
            return posted.message.status
    return "RECEIVED"


def transcripts_of(thread: Sequence[Posted]) -> dict[str, str]:
    """Ordinal → what is said in that recording: of several, the newest stands."""
    return {posted.message.transcript: posted.message.text for posted in thread if posted.message.transcript}


def summarize(tip: str, header: Header, thread: Sequence[Posted]) -> Summary:
    """Boil a tip down to its line in the queue."""
    heard = [posted.seq for posted in thread if posted.message.sender == "tipster"]
    answered = {posted.message.answers for posted in thread}
    return Summary(
        id=tip,
        header=header,
        status=status_of(thread),
        heard=max(heard, default=0),
        asked=any(posted.message.question and posted.seq not in answered for posted in thread),
    )
