"""What follows a committed turn: send its replies, fetch or erase its files, deliver its tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from satark.api.inbound import Inbound
    from satark.delivery.worker import DeliveryWorker
    from satark.evidence.worker import EvidenceWorker
    from satark.ingest.event import TurnResult
    from satark.outbox.worker import ReplyWorker
    from satark.store.write_ahead_log import LogEraser


class AfterCommit:
    """Hands the results of turns to the workers of this process.

    Only a short cut: every worker finds its work in the store as well, in this process or another.
    """

    def __init__(
        self, *, replies: ReplyWorker, files: EvidenceWorker, deliveries: DeliveryWorker, log: LogEraser
    ) -> None:
        self._replies = replies
        self._log = log
        self._files = files
        self._deliveries = deliveries

    def __call__(self, inbound: Inbound, result: TurnResult) -> None:
        """Hand over the result of one turn."""
        self._replies.post(result.outgoing)
        if not result.duplicate:
            self._replies.show_read(result.conversation, inbound.seen, inbound.busy)
            if inbound.answer:
                self._replies.answer(inbound.answer)
        if result.erased:
            self._files.erase(result.erased)
        if result.files:
            self._files.wake()
        if result.submitted:
            self._deliveries.wake()
        if result.submitted or result.ended or result.erased:
            self._log.note()
