"""Ingests a batch of events inside one transaction.

It locks the row of each conversation and handles the conversation's events in order.
If a turn raises, the transaction is undone, and the writer runs each turn alone, so that only the faulty turn fails.
The faulty turn's event counts as not seen and is not acknowledged, so the provider sends it again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from satark.api.inbound import Address
from satark.api.observability import log
from satark.api.prompt import Prompt
from satark.identity.edge_key import Identity
from satark.ingest.event import MOST_DAYS, InboundEvent, TurnResult, seen_key, seen_row
from satark.ingest.handoff_codes import HandoffCodes
from satark.ingest.sessions import SessionStore
from satark.ingest.turn import Conversation, TurnRunner
from satark.outbox.outbox import Outbox
from satark.store import bulk, conversations, provider_messages
from satark.store.flows import Flows
from satark.store.outbox import OutboxMessage
from satark.store.tables import seen
from satark.store.unit_of_work import UnitOfWork

_DELIVERY_DAYS: Final = 8
"""Least number of days to remember an event after it came. Meta resends for seven days."""


@dataclass(kw_only=True, eq=False, repr=False)
class BatchRunner:
    """Ingests batches of events; the writer runs it. Each event is one turn of `TurnRunner`."""

    identity: Identity
    flows: Flows
    sessions: SessionStore
    handoff_codes: HandoffCodes
    runner: TurnRunner
    outbox: Outbox
    seen_days: int
    is_one_machine: bool

    def __call__(self, unit: UnitOfWork, events: Sequence[InboundEvent]) -> list[TurnResult]:
        """Ingest a batch; return the result of each event, in order."""
        with self.identity.in_one_go():
            return self._ingest(unit, events)

    def _ingest(self, unit: UnitOfWork, events: Sequence[InboundEvent]) -> list[TurnResult]:
        fresh = add_unseen(unit, {event.key: event.inbound.sent_at for event in events}, self.seen_days)
        senders = [event.pseudonyms for event in events if event.key in fresh]
        homes, begun = conversations.find_or_begin(unit, self.identity, senders) if senders else ({}, ())
        has_codes = any(event.code for event in events)
        origins = self.handoff_codes.origins(unit, events) if has_codes else {}
        opened = self._open(unit, {*homes.values(), *origins.values()}, begun)
        if gone := set(homes.values()) - opened.keys():  # they ended just now, or somebody deleted their rows
            conversations.delete_senders(unit, gone)
            homes, begun = conversations.find_or_begin(unit, self.identity, senders)
            opened |= self._open(unit, set(homes.values()) - opened.keys(), begun)
        self._miss(opened, {homes[one.pseudonyms[0]]: one.pseudonyms for one in events if one.key in fresh})
        results: list[TurnResult] = []
        for event in events:
            if event.key not in fresh:
                results.append(TurnResult(duplicate=True))
                continue
            fresh.discard(event.key)
            origin = opened.get(origins.get(event.code.lookup, b"")) if event.code else None
            conversation = opened[homes[event.pseudonyms[0]]]
            results.append(self.runner.run(unit, event, conversation, origin))
        self._close(unit, opened.values())
        for event, one in zip(events, results, strict=True):
            if one.duplicate and event.inline:
                one.prompts = self._repeat_question(unit, event)
        return results

    def _repeat_question(self, unit: UnitOfWork, event: InboundEvent) -> list[Prompt]:
        """Answer a duplicate event of an inline channel with the current question."""
        session = self.sessions.look(unit.main, event.pseudonyms)
        if session is None:
            return []
        prompt = self.flows.engine(unit.main, session.flow).repeat_question(session)
        return [self.outbox.fit(prompt, event.channel)]

    def _open(self, unit: UnitOfWork, ids: set[bytes], begun: Collection[bytes]) -> dict[bytes, Conversation]:
        rows = conversations.lock(unit, ids, begun).values() if ids else ()
        return {
            row.id: Conversation(row.id, row.handle, self.sessions.open_newest(row) if row.draft else None)
            for row in rows
        }

    def _miss(self, opened: Mapping[bytes, Conversation], senders: Mapping[bytes, Sequence[bytes]]) -> None:
        """Find conversations without a session that should have one. Another machine may have ended it."""
        for id_, sender in senders.items():
            if self.is_one_machine and opened[id_].session is None and conversations.is_missing(self.identity, sender):
                log.error("a conversation is missing: somebody deleted or altered its rows")
                opened[id_].is_missing = True

    def _close(self, unit: UnitOfWork, opened: Iterable[Conversation]) -> None:
        rows, ended, messages, message_ids = [], set(), [], []
        counts = self.identity.epochs.drafts
        for one in opened:
            count = counts.after(one.id)
            if one.result is not None:
                one.result.stored[one.id] = count
            if one.session is None:
                ended.add(one.id)
                if one.result is not None:
                    one.result.ended = True
            else:
                message_ids += [(one.id, id_) for id_ in one.provider_message_ids]
                if one.event is not None:
                    inbound = one.event.inbound
                    # No page can be written to later, so the secret that opens its receipt is not stored beside it.
                    address = Address("") if self.outbox.is_page(inbound.account) else inbound.senders[0]
                    session = msgspec.structs.replace(one.session, writes=count)
                    rows.append(self.sessions.seal(one.id, session, inbound.account, address, unit.now))
            messages += [*one.calls, *self._replies(one)]
        conversations.write(unit, rows)
        if message_ids:
            provider_messages.add(unit, message_ids, self.identity)
        conversations.delete_conversations(unit, self.identity, sorted(ended))
        self.outbox.add(unit, messages)

    def _replies(self, conversation: Conversation) -> list[OutboxMessage]:
        event, result = conversation.event, conversation.result
        if event is None or result is None:
            return []
        if event.inline:
            result.prompts += conversation.prompts
            return []
        inbound = event.inbound
        messages = [
            one
            for prompt in conversation.prompts
            for one in self.outbox.reply(prompt, event.channel, inbound.account, inbound.senders[0], conversation.id)
        ]
        result.outgoing += messages
        return messages


def add_unseen(unit: UnitOfWork, sent: Mapping[bytes, int | None], seen_days: int) -> set[bytes]:
    """Remember those of these events that are new; return their keyed hashes.

    An event that was sent longer ago than events are remembered is not new: somebody replays it, since providers give
    up within days. If the provider says when an event was sent, each delivery of the event has the same key. For other
    events, and for an event that came so late that it would soon be forgotten, the keys of all days are looked up.

    `sent`: keyed hash of an event → Unix time at which it was sent; None if its provider does not say.
    """
    oldest = max(unit.day - seen_days, 0)
    if stale := {hashed for hashed, at in sent.items() if at is not None and 0 < at // 86_400 < oldest}:
        log.warning("events were not taken: their provider sent them longer ago than `seen_days`", count=len(stale))
        sent = {hashed: at for hashed, at in sent.items() if hashed not in stale}
    timely = range(max(unit.day - seen_days + _DELIVERY_DAYS, 0), MOST_DAYS)
    days = {hashed: at // 86_400 for hashed, at in sent.items() if at is not None and at // 86_400 in timely}
    # Of tomorrow too: the clock of another process may be ahead of this one.
    remembered = range(oldest, unit.day + 2)
    known = _seen_on(unit, sent.keys() - days.keys(), remembered)
    new = {seen_key(days.get(hashed, unit.day), hashed): hashed for hashed in sent.keys() - known}
    rows = [seen_row(key, unit.day + 1) for key in sorted(new)]
    return {new[key] for key in unit.insert_new(seen, rows, "key")}


def _seen_on(unit: UnitOfWork, hashes: Collection[bytes], days: range) -> set[bytes]:
    """Return which of these events are remembered under any of these days."""
    keys = {seen_key(day, hashed): hashed for day in days for hashed in hashes}
    if not keys:
        return set()
    found = bulk.select(unit.main, (seen.c.key,), seen.c.key, sorted(keys), lock=False)
    return {keys[key] for (key,) in found}
