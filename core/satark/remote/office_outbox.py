"""At an office: stores officers' answers until the host has sent them back in the tip's thread."""

import os
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, select, update

from satark.api.observability import Redacted, log
from satark.api.routing import CaseworkError, DestinationRule
from satark.api.sealing import open_as, recipient_of, seal
from satark.api.sink import MessageRejected
from satark.api.tip import Message
from satark.identity.signatures import is_signed, signing_key
from satark.remote.frames import CHUNK_SIZE
from satark.remote.link_keys import LinkPublicKeys
from satark.remote.messages import (
    ANSWER,
    ANSWER_DOMAIN,
    SIGNED_ANSWER,
    DirectedDesk,
    OfficeAnswer,
    SignedAnswer,
    decode,
    encode,
)
from satark.roster.entries import DESK_USE, KeyChange, desk_verifier
from satark.roster.state import RosterState
from satark.routing.rules import decode_rules
from satark.store import host_link, tables, tip_changes
from satark.store.threads import PADDED, batches
from satark.store.unit_of_work import UnitOfWork

RESEND_AFTER = 900
"""Seconds after which an answer that the host has not sent back is sent again."""


class FormerKey(Redacted, frozen=True, kw_only=True):
    """A former key of a desk, stored sealed to its present key."""

    desk: str
    identity: str


class PendingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that the host has not sent back yet."""

    sealed: bytes
    refused: bool
    """Whether the host refused the answer."""


def host_of(connection: Connection) -> LinkPublicKeys | None:
    """Return the host that this store is an office of; None if this is the host itself."""
    row = host_link.read(connection)
    return LinkPublicKeys(recipient=row.recipient, verifier=row.verifier) if row else None


def host_destination_rules(connection: Connection) -> tuple[DestinationRule, ...]:
    """Return the destinations of the host's desks, from the host's last directory; none at the host itself."""
    row = host_link.read(connection)
    return decode_rules(row.destination_rules) if row else ()


def new_answer(
    desk: str, tip: str, message: Message, recipients: Iterable[str], directed_to: DirectedDesk | None
) -> OfficeAnswer:
    """Make an answer of a desk's message, sealed to these recipients."""
    return OfficeAnswer(
        id=os.urandom(16),
        desk=desk,
        tip=tip,
        sealed=seal(message, *recipients, padded=PADDED),
        internal=message.internal,
        directed_to=directed_to,
    )


def queue_answer(unit: UnitOfWork, answer: OfficeAnswer, identity: str) -> None:
    """Sign an answer with the opened desk's `identity`, and store it for the host.

    Raises:
        CaseworkError: the answer does not fit into one frame.
    """
    message = _signed(encode(answer), identity)
    if len(message) > CHUNK_SIZE:
        raise CaseworkError("the text is too long")
    row = {"id": answer.id, "desk": answer.desk, "tip": answer.tip, "sealed": answer.sealed, "message": message}
    unit.insert(tables.office_outbox, [{**row, "position": time.time_ns(), "state": "due", "sent_at": 0}])
    tip_changes.note(unit, answer.tip)


def queue_key_change(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    """At an office: announce a desk's new key to the host, and keep the old one for tips under way.

    `old` and `new` are identities. At the host this does nothing: all envelopes there are resealed at once.
    """
    if host_of(unit.main) is None:
        return
    _store_former_key(unit, desk, old, new)
    _sign_pending_answers(unit, desk, old, new)
    change = KeyChange.of(desk, old, new)
    queue_answer(
        unit, OfficeAnswer(id=os.urandom(16), desk=desk, tip="", sealed=b"", internal=True, new_key=change), old
    )


def end_announcements(unit: UnitOfWork, host: RosterState | None) -> None:
    """Stop announcing keys that the host's roster lists with officers' signatures: the host's word is not enough."""
    table = tables.office_outbox
    query = select(table.c.id, table.c.desk, table.c.message).where(table.c.tip == "")
    for row in unit.main.execute(query).all():
        announced = decode(ANSWER, decode(SIGNED_ANSWER, row.message).answer).new_key
        listed = host.desks.get(row.desk) if host else None
        if listed and announced and announced.recipient in {listed.desk.recipient, *dict(listed.former)}:
            unit.main.execute(delete(table).where(table.c.id == row.id))


def former_keys(connection: Connection, desk: str, identity: str) -> list[str]:
    rows = connection.execute(select(tables.former_key.c.sealed).where(tables.former_key.c.desk == desk)).scalars()
    opened = [open_as(FormerKey, sealed, identity) for sealed in rows]
    return [key.identity for key in opened if key.desk == desk]


def _store_former_key(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    identities = [*former_keys(unit.main, desk, old), old]
    unit.main.execute(delete(tables.former_key).where(tables.former_key.c.desk == desk))
    keys = [(FormerKey(desk=desk, identity=identity), recipient_of(identity)) for identity in identities]
    rows = [{"recipient": recipient, "desk": desk, "sealed": seal(key, recipient_of(new))} for key, recipient in keys]
    unit.insert(tables.former_key, rows)


def _sign_pending_answers(unit: UnitOfWork, desk: str, old: str, new: str) -> None:
    """Sign pending answers again, with the new key: when they are sent, the host accepts only the new key.

    What the desk's key did not sign, somebody wrote into the database: officers are shown it as refused.
    """
    table, refused = tables.office_outbox, 0
    verifiers = [desk_verifier(old), desk_verifier(new)]
    waits = (table.c.desk == desk, table.c.tip != "", table.c.state == "due")
    for id_, message in unit.main.execute(select(table.c.id, table.c.message).where(*waits)).all():
        answer = _answer_signed_by(verifiers, message)
        values = {"state": "refused"} if answer is None else {"message": _signed(answer, new)}
        refused += answer is None
        unit.main.execute(update(table).where(table.c.id == id_).values(values))
    if refused:
        log.error("answers that the desk's key did not sign are not sent", count=refused)


def _answer_signed_by(verifiers: Sequence[str], message: bytes) -> bytes | None:
    try:
        signed = decode(SIGNED_ANSWER, message)
    except MessageRejected:
        return None
    is_own = any(is_signed(one, signed.signature, ANSWER_DOMAIN + signed.answer) for one in verifiers)
    return signed.answer if is_own else None


def _signed(encoded: bytes, identity: str) -> bytes:
    key = signing_key(identity.split(maxsplit=1)[0], DESK_USE)  # beside a former one while tips are renewed
    return encode(SignedAnswer(answer=encoded, signature=key.sign(ANSWER_DOMAIN + encoded)))


def pending_answers(connection: Connection, tips: Iterable[str]) -> dict[str, list[PendingAnswer]]:
    """Return the answers about these tips that the host has not sent back, in the order of writing."""
    table = tables.office_outbox
    found: dict[str, list[PendingAnswer]] = {}
    for batch in batches(tips):
        query = select(table.c.tip, table.c.sealed, table.c.state).where(table.c.tip.in_(batch))
        for row in connection.execute(query.order_by(table.c.position)):
            found.setdefault(row.tip, []).append(PendingAnswer(sealed=row.sealed, refused=row.state == "refused"))
    return found


def tips_with_pending_answers(connection: Connection) -> set[str]:
    """Return the tips about which there are answers that the host has not sent back."""
    return set(connection.execute(select(tables.office_outbox.c.tip).distinct()).scalars())


def due_answers(connection: Connection, now: int) -> list[Row[Any]]:
    """Return the answers to send now: the oldest one about each tip, so that none overtakes another.

    Until the host has accepted a desk's new key, nothing else of that desk is sent.
    """
    table = tables.office_outbox
    first = select(func.min(table.c.position)).where(table.c.state == "due").group_by(table.c.desk, table.c.tip)
    rows = connection.execute(select(table).where(table.c.state == "due", table.c.position.in_(first))).all()
    changing = {row.desk for row in rows if not row.tip}
    return [row for row in rows if row.sent_at <= now - RESEND_AFTER and (not row.tip or row.desk not in changing)]
