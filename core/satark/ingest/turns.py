"""Taking turns: what happens to inbound events inside the one transaction.

Many turns share a transaction. Within it each conversation's events are taken in order on its own locked row. A turn
that raises undoes the transaction; the writer then takes each turn alone, so that only the one at fault fails: it
counts as never seen, is not acknowledged, and the provider sends it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from secrets import token_bytes
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete

from satark.channel import Address, ErasingChannel, Moved
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import Session, Turn, decode_session, encode_session
from satark.identity.edge_key import BrokenSeal, Handle
from satark.identity.sealing import new_identity
from satark.ingest.event import InboundEvent, NeedsReceipt, TurnResult
from satark.ingest.handoff_codes import HandoffCodes, brought
from satark.ingest.mailbox import Mailboxes
from satark.ingest.submission import Submissions
from satark.outbox.compose import new_outgoing
from satark.store import conversations, evidence_files, outbox, provider_messages
from satark.store.outbox import OutboxMessage
from satark.store.tables import seen

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.identity.edge_key import Identity
    from satark.plugins.loader import Plugins
    from satark.prompt import Prompt
    from satark.settings import Core
    from satark.store.conversations import ConversationRow
    from satark.store.flows import Flows
    from satark.store.unit_of_work import UnitOfWork


class _Conversation:
    """A conversation while its events of this batch are taken."""

    __slots__ = ("arrival", "calls", "handle", "id", "prompts", "session", "taken", "traces")

    def __init__(self, row: ConversationRow) -> None:
        self.id = row.id
        self.handle = row.handle
        self.session: Session | None = None
        self.prompts: list[Prompt] = []
        self.calls: list[OutboxMessage] = []
        """What goes out beside the replies: the last word where the session went on elsewhere, messages taken back."""
        self.traces: list[str] = []
        """Of the messages that came in."""
        self.arrival: InboundEvent | None = None
        """The newest one that was taken; None while none was."""
        self.taken: TurnResult | None = None
        """What became of it; it carries the conversation's replies."""


class Turns:
    """Carries out batches of arrivals; runs in the writer's thread."""

    def __init__(
        self,
        *,
        identity: Identity,
        flows: Flows,
        plugins: Plugins,
        settings: Core,
        registry: Submissions,
        mailroom: Mailboxes,
        passages: HandoffCodes,
        channels: Mapping[str, Channel],
    ) -> None:
        self._identity = identity
        self._flows = flows
        self._plugins = plugins
        self._settings = settings
        self._registry = registry
        self._mailroom = mailroom
        self._passages = passages
        self._channels = channels
        self._hooked = plugins.implements("satark_before_commit")
        self._rendered = plugins.implements("satark_render")

    def __call__(self, unit: UnitOfWork, items: Sequence[InboundEvent]) -> list[TurnResult | NeedsReceipt]:
        """Take a batch; give what became of each arrival, in order."""
        fresh = self._unseen(unit, items)
        results: list[TurnResult | NeedsReceipt] = []
        homes, new = conversations.find(unit.main, [a.pseudonyms for a in items if a.key in fresh])
        origins = self._passages.origins(unit, items)
        table = self._open(unit, homes | {origin: origin for origin in origins.values()}, new)
        postponed: set[bytes] = set()
        for arrival in items:
            if arrival.key not in fresh:
                results.append(TurnResult(duplicate=True))
                continue
            fresh.discard(arrival.key)
            origin = table.get(origins.get(arrival.code.lookup, b"")) if arrival.code else None
            results.append(self._attempt(unit, arrival, table[homes[arrival.pseudonyms[0]]], postponed, origin))
        self._forget_postponed(unit, items, results)
        self._close(unit, table.values(), new)
        for arrival, taken in zip(items, results, strict=True):
            if isinstance(taken, TurnResult) and taken.duplicate and arrival.inline:
                taken.prompts = self._restate(unit, arrival)
        return results

    def _restate(self, unit: UnitOfWork, arrival: InboundEvent) -> list[Prompt]:
        """What an inline medium answers to an event that comes again: the question in force."""
        homes, _ = conversations.find(unit.main, [arrival.pseudonyms])
        row = conversations.read(unit.main, homes.values()).get(homes[arrival.pseudonyms[0]])
        session = self._read(row) if row and row.draft else None
        if session is None:
            return []
        prompt = self._flows.engine(unit.main, session.flow).restate(session)
        return [self._fit(prompt, arrival.channel)]

    def _unseen(self, unit: UnitOfWork, items: Sequence[InboundEvent]) -> set[bytes]:
        rows = [{"key": key, "day": unit.day} for key in sorted({arrival.key for arrival in items})]
        return unit.insert_new(seen, rows, "key")

    def _open(self, unit: UnitOfWork, homes: dict[bytes, bytes], new: dict[bytes, bytes]) -> dict[bytes, _Conversation]:
        table = {}
        if homes:
            for row in conversations.lock(unit, homes, new).values():
                table[row.id] = entry = _Conversation(row)
                entry.session = self._read(row) if row.draft else None
        return table

    def _read(self, row: conversations.ConversationRow) -> Session | None:
        try:
            return decode_session(self._identity.open_draft(row.id, row.draft))
        except (BrokenSeal, msgspec.MsgspecError):
            return None

    def _attempt(
        self,
        unit: UnitOfWork,
        arrival: InboundEvent,
        entry: _Conversation,
        postponed: set[bytes],
        origin: _Conversation | None,
    ) -> TurnResult | NeedsReceipt:
        """Take one turn; what it raises beyond `NeedsReceipt` undoes the batch, and the writer goes on one by one."""
        if entry.id in postponed:
            return NeedsReceipt()
        try:
            return self._take(unit, arrival, entry, origin)
        except NeedsReceipt as error:
            postponed.add(entry.id)
            return error

    def _take(
        self, unit: UnitOfWork, arrival: InboundEvent, entry: _Conversation, origin: _Conversation | None
    ) -> TurnResult:
        taken = TurnResult()
        if not isinstance(arrival.event, Moved):
            turn = self._advance(unit, arrival, entry, origin, taken)
            if self._hooked:
                self._plugins.before_commit(turn, unit)
            self._carry(unit, turn, entry, arrival, taken)
        if arrival.inbound.trace:
            entry.traces.append(arrival.inbound.trace)
        entry.arrival, entry.taken = arrival, taken
        return taken

    def _advance(
        self,
        unit: UnitOfWork,
        arrival: InboundEvent,
        entry: _Conversation,
        origin: _Conversation | None,
        taken: TurnResult,
    ) -> Turn:
        session = entry.session
        engine = self._flows.engine(unit.main, session.flow if session else None)
        if session is None:
            recipient, identity = new_identity()
            name = arrival.channel.name
            session = engine.begin(
                channel=name,
                tip=token_bytes(16).hex(),
                recipient=recipient,
                identity=identity,
                erasable=isinstance(arrival.channel, ErasingChannel),
                reachable=arrival.channel.capabilities.reachable,
            )
        session = self._looked_up(unit, session, arrival)
        untold = evidence_files.untold(unit.main, session.tip) if session.files else ()
        turn = engine.advance(session, arrival.event, arrival.source, unit.now, untold)
        if untold and turn.prompt is not None:
            evidence_files.tell(unit, session.tip)
        if turn.submission is not None and turn.session is not None:
            # First of all, since it may find that there is no receipt yet: then nothing must have been written.
            kind = arrival.channel.capabilities.kind
            receipt = self._registry.submit(unit, turn.session, turn.submission, kind, arrival.receipt)
            if turn.submission.evidence:
                evidence_files.release(unit, turn.session.tip, turn.submission.told)
            taken.submitted = True
            turn = _second(turn, engine.submitted(turn.session, receipt, unit.now))
        if turn.open_mailbox and turn.session is not None:
            mailbox = self._mailroom.open(unit, arrival.code)
            taken.wrong_code = mailbox is None
            turn = _second(turn, engine.opened(turn.session, mailbox, unit.now))
        if turn.depart and turn.session is not None:
            leaving, code = self._passages.give(unit, entry.id, turn.session, arrival.passage)
            turn = _second(turn, engine.departing(leaving, code, round(self._passages.minutes), unit.now))
        if turn.arrive and turn.session is not None:
            turn = _second(turn, self._arrive(unit, turn.session, arrival, origin, taken))
        if turn.erase or turn.drop:
            taken.erased += evidence_files.drop(unit, session.tip, None if turn.erase else turn.drop)
        return turn

    def _looked_up(self, unit: UnitOfWork, session: Session, arrival: InboundEvent) -> Session:
        """Tell a session what became of files behind its back.

        What was kept while the database was down comes when nobody is there any more to be asked about a file: they
        were told that their tip is recorded by itself, and no question may hold it up.
        """
        if session.files and not session.submitted:
            telling = () if arrival.late else evidence_files.telling(unit.main, session.tip)
            session = msgspec.structs.replace(session, telling=telling)
        if session.mailbox is not None:
            session = msgspec.structs.replace(session, mailbox=self._mailroom.counted(unit, session.mailbox))
        return session

    def _arrive(
        self,
        unit: UnitOfWork,
        session: Session,
        arrival: InboundEvent,
        origin: _Conversation | None,
        taken: TurnResult,
    ) -> Turn:
        """Bring the session that a code stands for; the conversation that had it ends with a word."""
        coming = brought(origin.session, arrival) if origin else None
        taken.wrong_code = coming is None
        if origin is None or coming is None:
            return self._flows.engine(unit.main, session.flow).arrived(session, None, unit.now)
        self._passages.drop(unit, coming)
        engine = self._flows.engine(unit.main, coming.flow)
        last = self._farewell(origin, engine.left(coming))
        origin.calls += last
        origin.session = None
        taken.outgoing += last
        return engine.arrived(session, coming, unit.now)

    def _farewell(self, origin: _Conversation, prompt: Prompt) -> list[OutboxMessage]:
        handle = self._identity.open_handle(origin.handle, origin.id)
        channel = self._channels.get(handle.account)
        if channel is None:
            return []
        calls = channel.render(self._fit(prompt, channel), handle.account, Address(handle.address))
        return [new_outgoing(origin.id, call, keep=True) for call in calls]

    def _take_back(self, unit: UnitOfWork, entry: _Conversation, arrival: InboundEvent) -> list[OutboxMessage]:
        channel, inbound = arrival.channel, arrival.inbound
        if not isinstance(channel, ErasingChannel):
            return []
        found = [*provider_messages.of(unit, entry.id, self._identity), *([inbound.trace] if inbound.trace else [])]
        calls = channel.erase(found, inbound.account, inbound.senders[0])
        return [new_outgoing(entry.id, call, keep=True) for call in calls]

    def _carry(
        self, unit: UnitOfWork, turn: Turn, entry: _Conversation, arrival: InboundEvent, taken: TurnResult
    ) -> None:
        if turn.keep:
            kept = [msgspec.structs.replace(keep, conversation=entry.id) for keep in turn.keep]
            evidence_files.add(unit, kept, self._identity)
            taken.files = True
        session = turn.session or entry.session
        if turn.post is not None and session is not None and session.mailbox is not None:
            self._mailroom.post(unit, session.mailbox, turn.post)
        if turn.take_back:
            deletions = self._take_back(unit, entry, arrival)
            entry.calls += deletions
            taken.outgoing += deletions
        if turn.reach is False:
            self._mailroom.forget(unit, entry.id, session)
        elif turn.reach and session is not None:
            self._mailroom.reach(unit, entry.id, arrival, session)
        entry.session = turn.session
        if turn.session is not None and turn.session.said and not arrival.channel.capabilities.inline:
            # A chat keeps what was said on the screen; nothing that is not needed stays here.
            entry.session = msgspec.structs.replace(turn.session, said="")
        if turn.prompt is not None:
            # Within one batch only the newest question matters; what must arrive (a receipt) stays.
            entry.prompts = [prompt for prompt in entry.prompts if prompt.keep] + [turn.prompt]

    def _forget_postponed(self, unit: UnitOfWork, items: Sequence[InboundEvent], results: Sequence[object]) -> None:
        keys = [a.key for a, result in zip(items, results, strict=True) if isinstance(result, NeedsReceipt)]
        if keys:
            unit.main.execute(delete(seen).where(seen.c.key.in_(keys)))

    def _close(self, unit: UnitOfWork, entries: Iterable[_Conversation], new: dict[bytes, bytes]) -> None:
        updates, ended, replies = [], set(), []
        for entry in entries:
            if entry.session is None:
                ended.add(entry.id)
            elif entry.arrival is not None:
                updates.append(self._row(entry.id, entry.session, entry.arrival, unit.now))
            replies += [*entry.calls, *self._reply(entry)]
        traced = [(entry.id, trace) for entry in entries if entry.session for trace in entry.traces]
        if traced:
            provider_messages.add(unit, traced, self._identity)
        conversations.write(unit, updates)
        conversations.link(unit, {p: home for p, home in new.items() if home not in ended})
        conversations.end(unit, sorted(ended))
        outbox.add(unit, replies, self._identity)

    def _row(self, id_: bytes, session: Session, arrival: InboundEvent, now: int) -> dict[str, object]:
        inbound = arrival.inbound
        handle = Handle(inbound.account, inbound.senders[0].reveal(), session.language, now)
        minutes = self._settings.reach_minutes if session.submitted else self._settings.session_hours * 60
        return {
            "key": id_,
            "draft": self._identity.seal_draft(id_, encode_session(session)),
            "handle": self._identity.seal_handle(handle, id_),
            "expires_at": now + int(minutes * 60),
            "nudge_at": self._nudge_at(session, now),
        }

    def _nudge_at(self, session: Session, now: int) -> int | None:
        wait = self._settings.nudge_minutes
        return now + int(wait * 60) if wait and session.answers and not session.submitted else None

    def _reply(self, entry: _Conversation) -> list[OutboxMessage]:
        arrival, taken = entry.arrival, entry.taken
        if arrival is None or taken is None:
            return []
        channel, inbound = arrival.channel, arrival.inbound
        made: list[OutboxMessage] = []
        for prompt in entry.prompts:
            fitted = self._fit(prompt, channel)
            if arrival.inline:
                taken.prompts.append(fitted)
                continue
            calls = channel.render(fitted, inbound.account, inbound.senders[0])
            made += [new_outgoing(entry.id, call, keep=prompt.keep, settle=prompt.settle) for call in calls]
        taken.outgoing += made
        return made

    def _fit(self, prompt: Prompt, channel: Channel) -> Prompt:
        own = self._plugins.render(prompt, channel.capabilities) if self._rendered else None
        return own or fit(prompt, channel.capabilities)


def _second(first: Turn, second: Turn) -> Turn:
    """Put the second half of a turn in the place of the first's session and prompt, keeping what else both ask for."""
    return msgspec.structs.replace(
        second,
        keep=first.keep + second.keep,
        drop=first.drop + second.drop,
        erase=first.erase or second.erase,
        post=second.post or first.post,
        reach=first.reach if second.reach is None else second.reach,
    )
