"""One tip as a desk has opened it: its envelope, its document, and its thread as far as it was read."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from copy import deepcopy
from itertools import chain
from typing import Final

from satark.api.sealing import CantOpen, open_tip
from satark.api.tip import Envelope, Tip
from satark.casework.opened_tip import Gist, TipSummary, summarize
from satark.casework.related.clues import Clues, Picture, clues_of
from satark.casework.search_index import SearchTexts
from satark.casework.work import PostedMessage, corrected
from satark.remote import office_outbox
from satark.routing.authors import Signers, ThreadReader
from satark.routing.releases import released_tip
from satark.store.threads import Sealed

_SHOWN: Final = 160
"""Most characters of a tip's words that a queue shows."""


class _Opened:
    """Opened messages of a thread: those that count, those that nobody signed, and how many did not open."""

    def __init__(self) -> None:
        self.counted: list[PostedMessage] = []
        self.unsigned: list[PostedMessage] = []
        self.damaged = 0


class CachedTip:
    """One tip: its opened envelope, and its thread as far as it was read."""

    def __init__(self, digest: bytes, envelope: Envelope, signers: Signers) -> None:
        self.digest = digest
        self.envelope = envelope
        self.pending_answers: Sequence[office_outbox.PendingAnswer] = ()
        self.document: Tip | None = None
        self.captions: tuple[str, ...] = ()
        self.pictures: tuple[Picture, ...] = ()
        self._summary: TipSummary | None = None
        self._posted = _Opened()
        self._answered = _Opened()
        self._reader = ThreadReader(envelope, signers)
        self.reader = self._reader
        """Who has the tip, by the thread and by the answers that the host has not confirmed yet."""

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
        """Messages in a desk's name that nobody signed who may write."""
        return self._posted.unsigned + self._answered.unsigned

    @property
    def damaged(self) -> int:
        """The number of messages that do not open."""
        # To a desk that has a release alone, a message that is not for it looks damaged.
        return 0 if self.envelope.tip_recipient else self._posted.damaged + self._answered.damaged

    def add(self, messages: Sealed, pending: Sequence[office_outbox.PendingAnswer], signers: Signers) -> None:
        """Open further messages of the thread. `pending`: the answers that the host has not confirmed yet."""
        self._summary = None
        if self.envelope.tip_recipient:
            self.document = None  # a later direction may release more
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
        """Open the tip's document; where the desk has a release alone, return what was released.

        Raises:
            CantOpen: the document was altered.
        """
        if self.envelope.tip_recipient:
            return released_tip(self.envelope, [posted.message for posted in self.thread])
        return open_tip(sealed, self.envelope)

    def summary(self, tip: str) -> TipSummary:
        """Return the tip's summary, worked out again when something was added to its thread."""
        if self._summary is None:
            self._summary = summarize(tip, self.envelope, self.thread, self.reader.access.holders)
        return self._summary

    def gist(self, of: SearchTexts) -> Gist:
        """Return what a row of the queue says of the tip."""
        tip = self.document
        answers = of.written({step: said for step, said in tip.answers.items() if _is_story(tip, step)}) if tip else []
        told = (one.message.text for one in self.thread if one.message.sender == "tipster" or one.message.transcript)
        words = next(filter(None, chain(answers, told, self.captions)), "")
        return Gist(
            words=textwrap.shorten(words, _SHOWN, placeholder="…"),
            channel=tip.channel if tip else "",
            files=len(tip.evidence) if tip else 0,
            accuses=bool(tip and tip.accused),
        )

    def texts(self, of: SearchTexts) -> list[str]:
        """Return what a search looks through: answers, captions, messages, the number, and names of what was chosen."""
        answers = of.written(self.document.answers) if self.document is not None else []
        thread, header = self.thread, self.envelope.header
        messages = [posted.message.text for posted in thread]
        return [*answers, *self.captions, *messages, header.number, *of.names(corrected(header, thread))]

    def clues(self) -> Clues:
        """Return what of the tipster's texts, recordings and pictures can be compared with other tips."""
        told = (one.message for one in self.thread if one.message.sender == "tipster" or one.message.transcript)
        return clues_of(self.document, [*self.captions, *(message.text for message in told)], self.pictures)


def _is_story(tip: Tip, step: str) -> bool:
    return step != tip.meanings.get("place", "place") and tip.answers[step] != tip.category
