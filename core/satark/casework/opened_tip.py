"""What casework returns: summaries for a desk's queue, and opened tips."""

from collections.abc import Iterable, Mapping, Sequence

from satark.api.observability import Redacted
from satark.api.tip import Envelope, Evidence, Header, Status, Tip
from satark.casework.errors import NoSuchFile, VoiceAccessDenied
from satark.casework.related.index import Reason
from satark.casework.work import PostedMessage, Work, corrected, work_on
from satark.dialogue.tip_status import present_status
from satark.evidence.own_voice import OwnVoice
from satark.routing.authors import ThreadReader
from satark.routing.releases import Access
from satark.store.evidence_files import ordinal_order


class TipSummary(Redacted, frozen=True, kw_only=True):
    """One tip as a desk's queue lists it."""

    id: str
    header: Header
    status: Status
    newest: int
    """`seq` of the newest message, whoever wrote it; 0: there is none."""
    awaits_reply: bool
    """Whether a question to the tipster is unanswered."""
    last_heard: str
    """Time band in which the tipster was last heard from."""
    work: Work
    holders: frozenset[str] = frozenset()
    """The desks that have the tip's key; empty for a desk with only a release."""

    @property
    def finished(self) -> bool:
        """Whether nobody needs to act on the tip any more."""
        return self.work.finished


class Gist(Redacted, frozen=True, kw_only=True):
    """The summary of a tip's content in a row of the queue."""

    words: str = ""
    """The beginning of what the tipster wrote or said first."""
    channel: str = ""
    files: int = 0
    accuses: bool = False
    """Whether the tip complains of the police."""


class RelatedTip(Redacted, frozen=True, kw_only=True):
    summary: TipSummary
    reasons: Mapping[Reason, str]
    """Each reason, with the number that both tips contain; empty if the reason is no number."""


class OpenTip(Redacted, frozen=True, kw_only=True):
    """A tip with everything that belongs to it, decrypted."""

    id: str
    envelope: Envelope
    tip: Tip
    thread: tuple[PostedMessage, ...]
    reader: ThreadReader
    """Reads who has the tip from this thread."""
    evidence: tuple[Evidence, ...]
    """Files that are stored here and may be shown and passed on, in the order they were sent."""
    voices: tuple[OwnVoice, ...] = ()
    """Recordings of the tipster's own voice, in the order they were sent: heard only at the desk."""
    pending: tuple[str, ...] = ()
    """Ordinals of files that are still being fetched."""
    lost: tuple[str, ...] = ()
    """Ordinals of files that the provider no longer has."""
    gone: tuple[str, ...] = ()
    """Ordinals of files that the tipster sent and whose rows somebody deleted."""
    damaged: int = 0
    """Number of messages and file records that do not open: altered, or belonging to another tip."""
    damaged_messages: int = 0
    altered: bool = False
    """Whether messages are missing or in another order, or the tip has other keys than its row or the roster says."""
    outdated: bool = False
    """Whether the roster has a newer key, or a desk with the tip changed its own key without renewing this one."""
    unsigned: tuple[PostedMessage, ...] = ()
    """Messages in a desk's name without a signature of somebody who may write. They do not count, and may be forged."""
    pending_answers: int = 0
    """At a remote office: the number of messages at the end of the thread that the host has not confirmed yet."""
    refused_answers: int = 0
    """The number of pending answers that the host refused."""

    @property
    def header(self) -> Header:
        """The tip's present header: with officers' corrections. It is urgent if the tipster later told of a danger."""
        return corrected(self.envelope.header, self.thread)

    @property
    def status(self) -> Status:
        return present_status(posted.message for posted in self.thread)

    @property
    def work(self) -> Work:
        """The state of the desks' work on the tip."""
        return work_on(self.thread, self.envelope.arrived)

    @property
    def access(self) -> Access:
        """Desks that have the tip, and their rights to it."""
        return self.reader.access

    @property
    def summary(self) -> TipSummary:
        """The tip as a desk's queue lists it."""
        return summarize(self.id, self.envelope, self.thread, self.access.holders)

    @property
    def records(self) -> tuple[Evidence, ...]:
        """The records of all files, voices included. They describe the files and give no access to them."""
        every = (*self.evidence, *(voice.record for voice in self.voices))
        return tuple(sorted(every, key=lambda record: ordinal_order(record.ordinal)))

    def file(self, ordinal: str) -> Evidence:
        """Return the record of a file that may be shown and passed on.

        Raises:
            VoiceAccessDenied: the file is the tipster's own voice.
            NoSuchFile: there is no such file.
        """
        for record in self.evidence:
            if record.ordinal == ordinal:
                return record
        if any(voice.ordinal == ordinal for voice in self.voices):
            raise VoiceAccessDenied
        raise NoSuchFile

    def voice(self, ordinal: str) -> OwnVoice:
        """Return a recording of the tipster's own voice.

        Raises:
            NoSuchFile: there is no recording with this ordinal.
        """
        for voice in self.voices:
            if voice.ordinal == ordinal:
                return voice
        raise NoSuchFile

    def transcript(self, ordinal: str) -> str:
        """Return the newest transcript of a recording; empty if there is none."""
        return transcripts_of(self.thread).get(ordinal, "")


def transcripts_of(thread: Sequence[PostedMessage]) -> dict[str, str]:
    """Return the newest transcript of each recording, by ordinal."""
    return {posted.message.transcript: posted.message.text for posted in thread if posted.message.transcript}


def summarize(tip: str, envelope: Envelope, thread: Sequence[PostedMessage], holders: Iterable[str] = ()) -> TipSummary:
    from_tipster = [posted for posted in thread if posted.message.sender == "tipster"]
    answered = {posted.message.answers for posted in thread}
    header, work = envelope.header, work_on(thread, envelope.arrived)
    return TipSummary(
        id=tip,
        header=corrected(header, thread),
        status=work.status,
        newest=max((posted.seq for posted in thread), default=0),
        awaits_reply=any(posted.message.question and posted.seq not in answered for posted in thread),
        last_heard=max([header.received, *(posted.message.band for posted in from_tipster)]),
        work=work,
        holders=frozenset(holders),
    )
