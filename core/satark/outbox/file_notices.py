"""File notices: tell a tipster, without being asked, what became of a file that they sent.

If the tipster can't be written to (a call, a browser, a conversation that has ended), the notice is stored, and the
tipster gets it when they write again or open the mailbox.
"""

from collections.abc import Callable

from satark.dialogue.session import FileNotice, MediaJob
from satark.identity.edge_key import Identity
from satark.outbox.outbox import Outbox
from satark.store import conversations, evidence_files
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import UnitOfWork


class FileNotices:
    """Writes file notices. After the commit, `posted` sends the notices that were written."""

    def __init__(
        self, *, outbox: Outbox, flows: Flows, identity: Identity, posted: Callable[[list[OutboxMessage]], None]
    ) -> None:
        self._outbox, self._flows, self._identity = outbox, flows, identity
        self.posted = posted

    def write(self, unit: UnitOfWork, job: MediaJob, notice: FileNotice) -> list[OutboxMessage]:
        """Put the notice about a file into the outbox, or store the notice for later, in this transaction."""
        messages = self._compose(unit, job, notice)
        if not messages:
            evidence_files.add_file_notice(unit, job, notice)
        self._outbox.add(unit, messages)
        return messages

    def write_uncleaned(self, unit: UnitOfWork, job: MediaJob) -> list[OutboxMessage] | None:
        """Put one notice about all files of a tip that could not be cleaned into the outbox.

        Returns:
            The messages. None: other files of the tip are still being cleaned. Empty: the tipster was told already, or
                can't be written to; then the next turn or the mailbox tells them.
        """
        waiting = evidence_files.pending_file_notices(unit.main, job.tip)
        notice = next((one for one in waiting if one.what == "uncleaned"), None)
        if notice is None:
            return []
        if evidence_files.is_any_due(unit.main, job.tip):
            return None
        messages = self._compose(unit, job, notice)
        if messages:
            evidence_files.clear_file_notices(unit, job.tip)
            self._outbox.add(unit, messages)
        return messages

    def _compose(self, unit: UnitOfWork, job: MediaJob, notice: FileNotice) -> list[OutboxMessage]:
        row = conversations.read(unit.main, [job.conversation]).get(job.conversation)
        if row is None or not row.handle:
            return []
        handle = self._identity.open_handle(row.handle, row.id)
        return self._outbox.compose(self._flows.current.file_notice(notice, handle.language), handle, row.id)
