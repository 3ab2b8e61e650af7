"""One tip as a desk has opened it: its envelope, its document, and the part of its thread that was read."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from itertools import chain
from typing import Final

from msgspec.structs import replace

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, open_tip
from satark.api.tip import CaseStep, Envelope, Tip
from satark.casework.opened_tip import Gist, TipSummary, summarize
from satark.casework.related.clues import Clues, Picture, clues_of
from satark.casework.search import SearchText
from satark.casework.search_index import SearchTexts
from satark.casework.work import PostedMessage
from satark.remote import office_outbox
from satark.routing.authors import Signers, ThreadReader
from satark.routing.releases import released_tip
from satark.store import envelopes
from satark.store.threads import Sealed

_SHOWN: Final = 160
"""Most characters of a tip's words that a queue shows."""


class ListedTip(Redacted, frozen=True, kw_only=True):
    """A tip's values in a desk's lists. The sealed index stores them; acts on the tip read the tip's rows."""

    envelope: Envelope
    """The envelope without the fields that only acts need."""
    summary: TipSummary
    gist: Gist
    search: SearchText
    thread: tuple[PostedMessage, ...]
    """Messages of the thread: who did what and when. Only those on legal holds and erasures have their words."""


class _Opened:
    """Opened messages of a thread: those that count, the unsigned ones, and the number of those that did not open."""

    def __init__(self) -> None:
        self.counted: list[PostedMessage] = []
        self.unsigned: list[PostedMessage] = []
        self.damaged = 0


class CachedTip:
    """One tip: its opened envelope, and the part of its thread that was read."""

    def __init__(self, envelope: Envelope, signers: Signers, sealed: bytes) -> None:
        self.cover, self.digest = envelopes.cover(sealed), envelopes.digest(sealed)
        """As in `satark.store.envelopes`."""
        self.envelope = envelope
        self.pending_answers: Sequence[office_outbox.PendingAnswer] = ()
        self.rows = b""
        """State of the rows that it was read from: see `satark.casework.tip_reader.rows_of`."""
        self.document: Tip | None = None
        self.captions: tuple[str, ...] = ()
        self.pictures: tuple[Picture, ...] = ()
        self._posted = _Opened()
        self._answered = _Opened()
        self._reader = ThreadReader(envelope, signers)
        self.reader = self._reader
        """Decides who has the tip, by the thread and by the answers that the host has not confirmed yet."""

    @property
    def last(self) -> int:
        """`seq` of the last message that was read; 0: there is none."""
        return self._reader.last

    @property
    def thread(self) -> list[PostedMessage]:
        """The messages of the thread, then the answers that the host has not confirmed yet."""
        return self._posted.counted + self._answered.counted

    @property
    def unsigned(self) -> list[PostedMessage]:
        """Messages in a desk's name without a signature of somebody who may write."""
        return self._posted.unsigned + self._answered.unsigned

    @property
    def damaged(self) -> int:
        """Number of messages that do not open."""
        # To a desk that has a release alone, a message that is not for it looks damaged.
        return 0 if self.envelope.tip_recipient else self._posted.damaged + self._answered.damaged

    def add(self, messages: Sealed, pending: Sequence[office_outbox.PendingAnswer], signers: Signers) -> None:
        """Open further messages of the thread. `pending`: the answers that the host has not confirmed yet."""
        self._open(self._posted, messages, self._reader, signers)
        self.pending_answers, self._answered, self.reader = pending, _Opened(), self._reader
        if pending:
            self.reader = deepcopy(self._reader)
            sealed = [(self.last + n, one.sealed) for n, one in enumerate(pending, 1)]
            self._open(self._answered, sealed, self.reader, signers, pending=True)

    def _open(
        self, into: _Opened, messages: Sealed, reader: ThreadReader, signers: Signers, *, pending: bool = False
    ) -> None:
        for seq, sealed in messages:
            try:
                message, author = reader.open(seq, sealed, signers, pending=pending)
            except CantOpen:
                into.damaged += 1
                continue
            if author is None:
                into.unsigned.append(PostedMessage(seq, message))
            elif message.sender == "tipster":
                into.counted.append(PostedMessage(seq, message, danger_at=author.at))
            elif not message.private or message.desk == self.envelope.desk:
                into.counted.append(PostedMessage(seq, message, author.name, author.at, author.signer))

    def open_document(self, sealed: bytes) -> Tip:
        """Open the tip's document. If the desk has only a release, return the released part.

        Raises:
            CantOpen: the document was altered.
        """
        if self.envelope.tip_recipient:
            return released_tip(self.envelope, [posted.message for posted in self.thread])
        return open_tip(sealed, self.envelope)

    def listed(self, of: SearchTexts) -> ListedTip:
        envelope, thread = self.envelope, self.thread
        none = {"receipt": "", "document_sha256": "", "tip_verifier": "", "tipster_verifier": "", "sent": b""}
        return ListedTip(
            envelope=replace(envelope, **none, holders={}, answers_to={}, changes=(), points=()),
            summary=summarize(envelope.tip, envelope, thread, self.reader.access.holders),
            gist=self._gist(of),
            search=SearchText.of(self._texts(of)),
            thread=tuple(map(_without_words, thread)),
        )

    def clues(self) -> Clues:
        """Return the parts of the tip's texts, recordings and pictures that can be compared with other tips."""
        return clues_of(self.document, [*self.captions, *self._tipsters_words()], self.pictures)

    def _gist(self, of: SearchTexts) -> Gist:
        tip = self.document
        answers = of.written({step: said for step, said in tip.answers.items() if _is_story(tip, step)}) if tip else []
        words = next(filter(None, chain(answers, self._tipsters_words(), self.captions)), "")
        return Gist(
            words=_shortened(words),
            channel=tip.channel if tip else "",
            files=len(tip.evidence) if tip else 0,
            accuses=bool(tip and tip.accused),
        )

    def _texts(self, of: SearchTexts) -> list[str]:
        """Return the texts that a search looks through, besides the names of chosen options."""
        answers = of.written(self.document.answers) if self.document is not None else []
        messages = [posted.message.text for posted in self.thread]
        return [*answers, *self.captions, *messages, self.envelope.header.number]

    def _tipsters_words(self) -> Iterator[str]:
        """Yield the tipster's words after the tip was sent, written or spoken."""
        messages = (posted.message for posted in self.thread)
        return (one.text for one in messages if one.sender == "tipster" or one.transcript)


def _shortened(words: str) -> str:
    whole = " ".join(words.split())
    return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN].rpartition(' ')[0] or whole[: _SHOWN - 1]}…"


def _is_story(tip: Tip, step: str) -> bool:
    return step != tip.meanings.get("place", "place") and tip.answers[step] != tip.category


def _without_words(posted: PostedMessage) -> PostedMessage:
    message = posted.message
    text = message.text if message.retention else ""
    case = CaseStep(kind=message.case.kind, to=message.case.to) if message.case else None
    kept = replace(message, text=text, case=case, officer=b"", signature=b"", roster=(), thread=b"")
    return replace(posted, message=kept)
