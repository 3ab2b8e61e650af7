"""Voice dangers: tell the sender of a voice note about a danger whom to call. A sure one makes the tip urgent."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from satark.api.background import run_in_thread
from satark.api.tip import Message
from satark.dialogue.session import MediaJob, Session
from satark.identity.edge_key import Identity
from satark.ingest.sessions import NewerSession, SessionStore
from satark.outbox.outbox import Outbox
from satark.outbox.worker import ReplyWorker
from satark.roster.roster import Roster
from satark.routing.authors import post_as_tipster
from satark.routing.tip_keys import TipKeyAltered, recipient_of_job
from satark.store import conversations
from satark.store.conversations import ConversationRow
from satark.store.evidence_files import is_sent
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.unit_of_work import UnitOfWork
from satark.store.writer import Writer
from satark_words.reading import Danger, DangerKind


@dataclass(kw_only=True, eq=False, repr=False)
class VoiceDangers:
    """Reads the words of voice notes for danger."""

    flows: Flows
    identity: Identity
    sessions: SessionStore
    outbox: Outbox
    writer: Writer
    replies: ReplyWorker
    roster: Roster

    async def hear(self, job: MediaJob, words: str) -> None:
        """Read the words of a voice note, and act if they tell of a danger."""
        dangers = await run_in_thread(self.flows.current.dangers, words)
        if dangers:
            self.replies.post(await self.writer.write(lambda unit: self._note(unit, job, dangers)))

    def _note(self, unit: UnitOfWork, job: MediaJob, dangers: Sequence[Danger]) -> list[OutboxMessage]:
        row = conversations.lock(unit, [job.conversation]).get(job.conversation)
        session = self._draft(row, job)
        if session is None and not is_sent(unit.main, job.tip):
            return []  # the tipster has erased it
        # Every other text names 112 too.
        kinds = tuple(one.kind for one in dangers if one.kind != DangerKind.LIFE or len(dangers) == 1)
        sure = tuple(danger.kind for danger in dangers if danger.sure)
        messages = self._messages(row, kinds)
        if row and session:
            unsaid = () if messages else (*session.dangers_unsaid, *kinds)
            sources = [file.source for file in session.files if file.ordinal == job.ordinal]  # none if it was erased
            told = (*session.told_dangers, *((kind, source) for kind in sure for source in sources))
            marked = replace(session, told_dangers=tuple(dict.fromkeys(told)), dangers_unsaid=unsaid)
            conversations.write(unit, [self.sessions.seal_changed(row, marked)])
        elif sure:  # mark the tip that was sent, by a message for the desks alone
            text = self.flows.current.file_name(job.ordinal, job.language)
            message = Message(sender="tipster", text=text, flags=tuple(f"danger:{kind}" for kind in sure))
            state = self.roster.check(unit.keys, committed=False).state
            with suppress(TipKeyAltered):  # nobody knows which key to seal it to
                post_as_tipster(unit, job.tip, message, job.tipster_key, recipient_of_job(unit, state, job))
        self.outbox.add(unit, messages)
        return messages

    def _messages(self, row: ConversationRow | None, kinds: Sequence[str]) -> list[OutboxMessage]:
        """Make the notices. In a call, in a browser and after the end nobody can be written to: there are none."""
        handle = self.identity.open_handle(row.handle, row.id) if row else None
        if row is None or handle is None:
            return []
        return self.outbox.compose(self.flows.current.danger_notice(kinds, handle.language), handle, row.id)

    def _draft(self, row: ConversationRow | None, job: MediaJob) -> Session | None:
        try:
            session = self.sessions.open_newest(row) if row else None
        except NewerSession:
            return None
        return session if session and session.tip == job.tip and not session.submitted else None
