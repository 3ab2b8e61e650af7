"""Gather the payload of a delivery from both databases and the evidence folder."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import BindParameter, bindparam, select

from satark.api.routing import HERE, Destination
from satark.api.sink import Delivery, SealedFile, SealedMessage
from satark.services import Services
from satark.store import envelopes, evidence_files
from satark.store.evidence_files import ordinal_order
from satark.store.sealed_files import clean_path, muted_path, original_path
from satark.store.tables import file, message, tip
from satark.store.unit_of_work import UnitOfWork


def load(unit: UnitOfWork, rows: Sequence[Any], services: Services) -> list[tuple[bytes, Delivery]]:
    """Load the deliveries of these claimed rows. Return pairs of a row's id and its delivery."""
    tips = sorted({row.tip for row in rows})
    documents = {row.id: row.document for row in unit.main.execute(_DOCUMENTS, {"tips": tips})}
    away = [row for row in rows if row.destination != HERE]  # each desk here reads the rest in this store itself
    tips_away = sorted({row.tip for row in away})
    sealed_files, messages = _files(unit, tips_away, services.evidence_dir), _messages(unit, tips_away)
    offices = {rule.to: rule.desk for rule in services.destination_rules}
    holders = {(row.tip, name) for row in away for name in (row.destination, _desk(row.destination, offices))}
    found = envelopes.find_many(unit.keys, holders) if holders else {}
    loaded = []
    for row in rows:
        desk = _desk(row.destination, offices)
        own = found.get((row.tip, row.destination))
        loaded.append(
            Delivery(
                idempotency_key=row.id.hex(),
                tip=row.tip,
                destination=row.destination,
                desk=desk,
                revision=row.revision,
                attempt=row.attempts + 1,
                last_reason=row.reason,
                envelope=own or found.get((row.tip, desk), b""),
                document=documents.get(row.tip, b""),
                files=tuple(sealed_files[row.tip]),
                messages=tuple(messages[row.tip]),
            )
        )
    return [(row.id, one) for row, one in zip(rows, loaded, strict=True)]


def _desk(destination: str, offices: Mapping[str, str]) -> str:
    return offices.get(destination, Destination(destination).name)


def _files(unit: UnitOfWork, tips: Collection[str], folder: Path) -> dict[str, list[SealedFile]]:
    found: dict[str, list[SealedFile]] = defaultdict(list)
    rows = unit.main.execute(_FILES, {"tips": tips}) if tips else ()
    for row in sorted(rows, key=lambda row: ordinal_order(row.ordinal)):
        name = evidence_files.name(row.tip, row.ordinal)
        original, clean, muted = (path_of(folder, name) for path_of in (original_path, clean_path, muted_path))
        is_here = row.state == "sealed"
        found[row.tip].append(
            SealedFile(
                ordinal=row.ordinal,
                state=row.state,
                record=row.record,
                original=original if is_here else None,
                clean=clean if is_here and clean.exists() else None,
                muted=muted if is_here and muted.exists() else None,
            )
        )
    return found


def _messages(unit: UnitOfWork, tips: Collection[str]) -> dict[str, list[SealedMessage]]:
    found: dict[str, list[SealedMessage]] = defaultdict(list)
    for row in unit.main.execute(_MESSAGES, {"tips": tips}) if tips else ():
        found[row.tip].append(SealedMessage(row.seq, row.sealed))
    return found


_TIPS: BindParameter[Any] = bindparam("tips", expanding=True)
_DOCUMENTS = select(tip.c.id, tip.c.document).where(tip.c.id.in_(_TIPS))
_FILES = select(file.c.tip, file.c.ordinal, file.c.state, file.c.record).where(file.c.tip.in_(_TIPS))
_MESSAGES = (
    select(message.c.tip, message.c.seq, message.c.sealed)
    .where(message.c.tip.in_(_TIPS), message.c.seq > 0)
    .order_by(message.c.seq)
)
