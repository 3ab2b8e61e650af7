"""Mailboxes, each opened by a receipt's code, and the reply handles of tipsters who allow Satark to write to them."""

from collections.abc import Iterable, Iterator

import msgspec
from sqlalchemy import or_, select

from satark.api.inbound import Address
from satark.api.sealing import CantOpen, open_as
from satark.api.tip import Message
from satark.dialogue.session import Mailbox, OpenMailbox, Session
from satark.identity import time_buckets
from satark.identity.edge_key import Handle, Identity
from satark.identity.receipt_codes import CodeKey, OpenedReceipt
from satark.ingest.event import InboundEvent
from satark.roster.roster import Roster
from satark.routing.authors import post_as_tipster
from satark.routing.tip_keys import TipKeyAltered, TipsterReader, decode_root, present_recipient
from satark.settings.core import Core
from satark.store import bulk, changed_keys, envelopes, evidence_files, tables
from satark.store.outbox import LOOKED, TOLD, change_reach, forget_reach
from satark.store.unit_of_work import UnitOfWork


class Mailboxes:
    """Opens mailboxes and stores the tipster's messages, inside a turn's transaction."""

    def __init__(self, identity: Identity, settings: Core, roster: Roster) -> None:
        self._identity = identity
        self._settings = settings
        self._roster = roster

    def open(self, unit: UnitOfWork, key: CodeKey | None) -> Mailbox | None:
        """Open the mailbox of a receipt code. None: the code is wrong or unknown.

        Raises:
            TipKeyAltered: the tip's keys were altered, or its row is not there although it has envelopes.
        """
        opened = self._look_up(unit, key) if key else None
        if opened is None:
            return None
        change_reach(unit, self._identity, self._identity.link("tip", opened.tip), LOOKED)
        key_changes, root = _key_changes(unit, opened.tip), decode_root(opened.root)
        if key_changes is None:
            gone = OpenMailbox(tip=opened.tip, number=opened.number, recipient=root.recipient)
            return Mailbox(open=gone, language=opened.language, messages=(), erased=True)
        reader = TipsterReader(root, key_changes, self._roster.check(unit.keys, committed=False).state)
        everything = list(_messages(unit, opened))
        numbered = [(seq, message) for seq, message in everything if reader.may_show(seq, message)]
        mailbox = OpenMailbox(
            tip=opened.tip,
            number=opened.number,
            recipient=root.recipient,
            question=_open_question(numbered),
            root=opened.root,
            tipster_key=root.tipster_key,
        )
        notices = evidence_files.pending_file_notices(unit.main, opened.tip)
        evidence_files.clear_file_notices(unit, opened.tip)
        messages = tuple(message for _, message in numbered)
        asked = next((message for seq, message in numbered if seq == mailbox.question), None)
        forged = len(numbered) < len(everything)
        return Mailbox(
            open=mailbox, language=opened.language, messages=messages, asked=asked, file_notices=notices, forged=forged
        )

    def refreshed(self, unit: UnitOfWork, mailbox: OpenMailbox) -> OpenMailbox:
        """Return an open mailbox with the present files and the present key of its tip.

        Raises:
            TipKeyAltered: the tip's keys were altered.
        """
        there = evidence_files.count_files(unit.main, mailbox.tip)
        highest = evidence_files.highest_ordinal(unit.main, mailbox.tip)
        recipient = self._recipient(unit, mailbox)
        contents = evidence_files.contents(unit.main, mailbox.tip)
        found = {"files": there, "last_ordinal": highest, "contents": contents, "erased": not recipient}
        return msgspec.structs.replace(mailbox, recipient=recipient or mailbox.recipient, **found)

    def post(self, unit: UnitOfWork, mailbox: OpenMailbox, message: Message) -> None:
        """Write a tipster's message for the desks that have the tip, and into the tipster's own mailbox.

        Raises:
            TipKeyAltered: the tip's keys were altered.
        """
        if recipient := self._recipient(unit, mailbox):
            to = recipient, decode_root(mailbox.root).receipt
            post_as_tipster(unit, mailbox.tip, message, mailbox.tipster_key, *to)

    def _recipient(self, unit: UnitOfWork, mailbox: OpenMailbox) -> str:
        """Return the recipient of an open mailbox's tip; empty: the tip was erased."""
        key_changes = _key_changes(unit, mailbox.tip)
        if key_changes is None:
            return ""
        # Not the recipients in the tip's row: whoever writes to the database could put their own there.
        state = self._roster.check(unit.keys, committed=False).state
        return present_recipient(decode_root(mailbox.root), key_changes, state)

    def forget(self, unit: UnitOfWork, event: InboundEvent, session: Session | None) -> None:
        """Delete every reply handle of this sender, and the one of an open mailbox. `session` may be None."""
        tips = [session.tip] if session else []
        tips += [session.mailbox.tip] if session and session.mailbox else []
        ids = [self._identity.link("tip", tip) for tip in tips]
        forget_reach(
            unit, self._identity, or_(tables.reach.c.sender.in_(self._senders(event)), tables.reach.c.id.in_(ids))
        )

    def missed_news(self, unit: UnitOfWork, event: InboundEvent) -> Iterator[tuple[bytes, Handle]]:
        """Yield link and handle of the sender's tips whose news a notice told in vain. It then counts as told."""
        reach, senders = tables.reach.c, self._senders(event)
        for (link,) in bulk.select(unit.main, [reach.id], reach.sender, senders, lock=False):

            def tell(one: Handle) -> Handle:
                own = self._identity.pseudonym(one.account, Address(one.address))
                return TOLD(one) if one.missed and own in event.pseudonyms else one

            if handle := change_reach(unit, self._identity, link, tell):
                yield link, handle

    def _senders(self, event: InboundEvent) -> list[bytes]:
        return [lookup for pseudonym in event.pseudonyms for lookup in self._identity.lookups(pseudonym)]

    def reach(self, unit: UnitOfWork, event: InboundEvent, session: Session) -> None:
        """Store the sender's reply handle for the tip that was just submitted."""
        id_ = self._identity.link("tip", session.tip)
        inbound = event.inbound
        until = time_buckets.band_end(unit.now + int(self._settings.handle_days * 86400))
        sender, aloud = inbound.senders[0].reveal(), bool(session.aloud)
        handle = Handle(
            inbound.account,
            sender,
            session.language,
            unit.now,
            aloud,
            until=until,
            forgotten=self._identity.epochs.drafts.of(id_),
        )
        row = {
            "id": id_,
            "sender": self._identity.lookup(event.pseudonyms[0]),
            "handle": self._identity.seal_handle(handle, id_),
            "expires_at": until,
        }
        unit.insert_new(tables.reach, [row], "id")

    def _look_up(self, unit: UnitOfWork, key: CodeKey) -> OpenedReceipt | None:
        query = select(tables.receipt.c.sealed).where(tables.receipt.c.lookup == key.lookup)
        row = unit.main.execute(query).one_or_none()
        return key.open(row.sealed) if row else None


def _key_changes(unit: UnitOfWork, tip: str) -> bytes | None:
    """Return the changes of a tip's key; None: it was erased, so the key store has no envelope of it either."""
    found = changed_keys.read(unit, tip)
    if found is None and envelopes.exist(unit.keys, tip):
        raise TipKeyAltered
    return found


def _messages(unit: UnitOfWork, opened: OpenedReceipt) -> Iterable[tuple[int, Message]]:
    message = tables.message.c
    query = select(tables.message).where(message.tip == opened.tip, message.seq > 0).order_by(message.seq)
    for row in unit.main.execute(query):
        try:
            yield row.seq, open_as(Message, row.sealed, opened.identity)
        except CantOpen:
            continue  # between desks: not sealed to the receipt


def _open_question(numbered: list[tuple[int, Message]]) -> int | None:
    answered = {message.answers for _, message in numbered}
    asked = [seq for seq, message in numbered if message.question and seq not in answered]
    return asked[-1] if asked else None
