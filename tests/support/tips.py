"""Seeds a store with submitted tips, sealed as the ingest seals them, for tests of sinks and desks."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import delete

from satark.api.sealing import new_identity, seal
from satark.api.tip import Accused, Envelope, Evidence, Header, Message, Priority, Tip
from satark.custody import entries
from satark.custody import log as custody
from satark.delivery.worker import load_deliveries
from satark.identity.receipt_codes import new_number
from satark.identity.signatures import name_of, verifier_for
from satark.retention.schedule import begin_term
from satark.routing.authors import post_as_tipster, signed_by_tipster
from satark.routing.rules import next_above
from satark.routing.sent import TIPSTER_USE, addressed, signed_as_sent
from satark.settings.core import RetentionSettings
from satark.store import deliveries, envelopes, evidence_files, tables, tip_changes
from satark.store.sealed_files import StoredForm, put_in_place, seal_file, sizes_of, stored_form
from satark.store.threads import post

if TYPE_CHECKING:
    from satark.api.routing import Desk, DestinationRule
    from satark.api.sink import Delivery
    from satark.casework import Casework
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork

MEANINGS: Final = {"place": "place", "evidence": "evidence", "own_voice": "whose_voice", "film_sound": "film_sound"}
"""The meanings of the default flow's steps, as far as readers of tips use them."""


class SeededTip(msgspec.Struct, frozen=True, kw_only=True):
    """A seeded tip, with the keys that ingest would have destroyed."""

    id: str
    tip: Tip
    header: Header
    recipient: str
    identity: str
    receipt_recipient: str
    receipt_identity: str
    tipster_key: str

    def __repr__(self) -> str:
        return "SeededTip(…)"

    @property
    def number(self) -> str:
        """The tip's number."""
        return self.tip.number


def tip_of(tipster_key: str) -> str:
    """Return the id of a tipster's tip."""
    return name_of(verifier_for(tipster_key, TIPSTER_USE))


def seed_tip(
    services: Services,
    to: Sequence[Desk],
    *,
    answers: dict[str, Any] | None = None,
    category: str = "liquor",
    language: str = "hi",
    priority: Priority = "normal",
    flags: tuple[str, ...] = (),
    accused: Accused | None = None,
    excluded: tuple[str, ...] = (),
    received: str = "2026-11-24T06/PT6H",
    district: str = "varanasi",
    station: str = "lanka",
    evidence: tuple[str, ...] = (),
    consents: Mapping[str, str] = {},
    destination_rules: Sequence[DestinationRule] = (),
    arrived: int = 0,
) -> SeededTip:
    """Store a tip sealed to these desks, with a delivery to each of these destinations."""
    recipient, identity = new_identity()
    receipt_recipient, receipt_identity = new_identity()
    tip = Tip(
        number=new_number(),
        revision=1,
        flow="0" * 64,
        language=language,
        channel="chat",
        category=category,
        received=received,
        answers=answers or {"category": category, "what": "कच्ची शराब बन रही है"},
        meanings=MEANINGS,
        evidence=evidence,
        consents=consents,
        district=district,
        station=station,
        accused=accused,
    )
    header = Header(
        number=tip.number,
        revision=tip.revision,
        category=category,
        language=language,
        received=received,
        priority=priority,
        flags=flags,
        district=district,
        station=station,
        excluded=excluded,
    )
    tipster_key = secrets.token_hex(16)
    planted = SeededTip(
        id=tip_of(tipster_key),
        tip=tip,
        header=header,
        recipient=recipient,
        identity=identity,
        receipt_recipient=receipt_recipient,
        receipt_identity=receipt_identity,
        tipster_key=tipster_key,
    )
    reading = [rule for rule in destination_rules if rule.recipient]
    holders = [(desk.name, desk.recipient) for desk in to] + [(rule.to, rule.recipient) for rule in reading]
    names = dict.fromkeys((*(desk.name for desk in to), *(rule.desk for rule in reading)))
    listed = {name: tuple(rule.to for rule in reading if rule.desk == name) for name in names}
    rows = [deliveries.new_row(services.keys, planted.id, rule.to, 0) for rule in destination_rules]
    access: dict[str, Any] = {"holders": listed, "answers_to": next_above(to, services.geography), "arrived": arrived}
    access["roster"] = services.roster_state().head
    services.write_now(lambda unit: _store(unit, planted, holders, access, rows))
    return planted


def _store(
    unit: UnitOfWork,
    planted: SeededTip,
    holders: Sequence[tuple[str, str]],
    access: Mapping[str, Any],
    rows: Sequence[dict[str, object]],
) -> None:
    document = seal(planted.tip, planted.recipient)
    row = {
        "id": planted.id,
        "number": planted.number,
        "revision": planted.tip.revision,
        "recipient": planted.recipient,
        "document": document,
        "day": unit.day,
    }
    unit.insert(tables.tip, [row])
    begin_term(unit, planted.id, planted.tipster_key, planted.identity, RetentionSettings())
    tip_changes.note(unit, planted.id)
    envelope = Envelope(
        tip=planted.id,
        desk="",
        identity=planted.identity,
        header=planted.header,
        receipt=planted.receipt_recipient,
        document_sha256=hashlib.sha256(document).hexdigest(),
        tipster_verifier=verifier_for(planted.tipster_key, TIPSTER_USE),
        **access,
    )
    envelope = signed_as_sent(envelope, planted.tipster_key)
    for name, recipient in holders:
        envelopes.store(unit, planted.id, name, envelopes.seal(addressed(envelope, name), recipient), is_new=True)
    unit.insert(tables.delivery, rows)


def claim_delivery(services: Services, to: str) -> Delivery:
    """Claim the single due delivery of a destination, as the delivery worker does.

    Raises:
        ValueError: no delivery is due, or more than one.
    """

    def claim(unit: UnitOfWork) -> list[tuple[bytes, Delivery]]:
        return load_deliveries(unit, deliveries.claim(unit, to, 2), services)

    ((_, delivery),) = services.write_now(claim)
    return delivery


def seed_file(
    services: Services,
    planted: SeededTip,
    ordinal: str,
    original: bytes,
    clean: bytes = b"",
    *,
    muted: bytes = b"",
    disguised: bytes = b"",
    preview: bytes = b"",
    **record: Any,
) -> Evidence:
    """Store a sealed file of a tip with the given copies. `record` holds further fields of its record."""
    name = evidence_files.name(planted.id, ordinal)
    _seal(original, stored_form(services.evidence, name, "original"), planted.recipient)
    fields: dict[str, Any] = {"role": "evidence", "kind": "image", "mime": "image/jpeg", **record}
    if clean:
        _seal(clean, stored_form(services.evidence, name, "clean"), planted.recipient)
        fields |= {"clean_bytes": len(clean), "clean_sha256": hashlib.sha256(clean).hexdigest()}
        fields.setdefault("clean_mime", fields["mime"])
        if fields["clean_mime"].startswith("video/"):
            fields.setdefault("muted_sha256", fields["clean_sha256"])  # a film without sound
    if muted:
        _seal(muted, stored_form(services.evidence, name, "muted"), planted.recipient)
        fields |= {"muted_bytes": len(muted), "muted_sha256": hashlib.sha256(muted).hexdigest()}
    if disguised:
        _seal(disguised, stored_form(services.evidence, name, "disguised"), planted.recipient)
        fields |= {"disguised_bytes": len(disguised), "disguised_sha256": hashlib.sha256(disguised).hexdigest()}
    if preview:
        _seal(preview, stored_form(services.evidence, name, "preview"), planted.recipient)
        fields |= {"preview_bytes": len(preview), "preview_sha256": hashlib.sha256(preview).hexdigest()}
        fields.setdefault("preview_mime", "image/webp")
    fields["md5"] = hashlib.md5(original, usedforsecurity=False).hexdigest()
    digest = hashlib.sha256(original).hexdigest()
    evidence = Evidence(ordinal=ordinal, bytes=len(original), sha256=digest, **fields)
    sealed = seal(signed_by_tipster(evidence, planted.id, 0, planted.tipster_key), planted.recipient)

    def store(unit: UnitOfWork) -> None:
        forms = evidence_files.forms_tag(unit.keys, planted.id, ordinal, sizes_of(services.evidence, name))
        _store_file(unit, planted, ordinal, "sealed", record=sealed, forms=forms)
        custody.append_entries(
            unit, planted.id, planted.recipient, ordinal, *entries.received_entries(evidence, unit.now)
        )

    services.write_now(store)
    return evidence


def seed_file_state(services: Services, planted: SeededTip, ordinal: str, state: str) -> None:
    """Store a file of a tip that was not fetched: its state is `due` or `lost`."""

    def write(unit: UnitOfWork) -> None:
        lost = evidence_files.lost_tag(unit.keys, planted.id, ordinal) if state == "lost" else b""
        _store_file(unit, planted, ordinal, state, record=lost)

    services.write_now(write)


def seed_message(services: Services, planted: SeededTip, message: Message) -> None:
    """Append a message to a tip's thread, sealed to the tip and to its receipt; a tipster's is signed."""
    to = planted.recipient, planted.receipt_recipient
    if message.sender == "tipster":
        services.write_now(lambda unit: post_as_tipster(unit, planted.id, message, planted.tipster_key, *to))
    else:
        services.write_now(lambda unit: post(unit, planted.id, message, *to))


def post_as(casework: Casework, planted: SeededTip, message: Message) -> None:
    """Append a desk's message to a tip's thread, even against the rules, signed as an officer's."""
    opened = casework.open(planted.number)
    casework._services.write_now(lambda unit: casework.post(unit, opened, message))


def _store_file(unit: UnitOfWork, planted: SeededTip, ordinal: str, state: str, **columns: bytes) -> None:
    row = {"tip": planted.id, "ordinal": ordinal, "state": state, **columns}
    unit.insert(tables.file, [{**row, "job": b"", "attempts": 0, "due_at": 0, "reason": ""}])
    tip_changes.note(unit, planted.id)


def _seal(content: bytes, target: StoredForm, recipient: str) -> None:
    put_in_place(seal_file(io.BytesIO(content), target, recipient))


def erase(unit: UnitOfWork, tip: str) -> None:
    """Erase a tip, as its rows go."""
    unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == tip))
    unit.main.execute(delete(tables.tip).where(tables.tip.c.id == tip))
    tip_changes.note_erasure(unit, tip)
