"""Erasure deletes a tip's envelopes first, for good, then its other data. The custody log records the erasure.

The list of erased tips has keyed tags, in the key store and in a file that is kept apart from both databases. A tag is
a keyed hash of a tip's id. Whoever has the list and an old backup can't tell which of its tips were erased, unless they
have the edge key too. Since listed tips are erased, a tag can be made only with both the edge key and the name key.
Each place is completed from the other. So a restored key store does not forget erasures after its backup, unless the
file was restored with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, Engine, delete, select, update

from satark.api.routing import Destination
from satark.custody import log as custody
from satark.identity.edge_key import Identity
from satark.retention.schedule import Rule, forget_term
from satark.store import bulk, deliveries, envelopes, evidence_files, sealed_files, tables, tip_changes, tip_counts
from satark.store.erasure_orders import order
from satark.store.outbox import forget_reach
from satark.store.tables import erased_tip
from satark.store.unit_of_work import UnitOfWork
from satark_files.atomic_files import flush_folder
from satark_files.file_store import FileStore

PluginsErase: TypeAlias = Callable[["UnitOfWork", str], None]
"""Deletes the plugins' rows of a tip, given its id, in the same transaction."""

_ERASED_COPY = "erased copy"
"""A remote office tags each tip that it erased. The tag has this label in place of a desk's name. No desk can
have this name."""

_BY_TIP = (
    tables.message,
    tables.delivery,
    tables.retention,
    tables.office_outbox,
    tables.announced_file,
)


class Eraser:
    """Erases tips. Its methods work in the transaction that they are given."""

    def __init__(self, edge: Identity, erased: ErasedList, files: FileStore, plugins_erase: PluginsErase) -> None:
        self._edge = edge
        self._erased, self.complete_list = erased, erased.complete
        self._files = files
        self._plugins_erase = plugins_erase

    def erase(self, unit: UnitOfWork, tip_id: str, rule: Rule) -> list[str]:
        """Erase a tip. After the commit, call `remove_files` with the result, the names of its sealed files.

        The key store is committed first, without the envelopes and with the tag. A crash right after that commit leaves
        rows that nothing opens; `erase_again` erases them at the next start.
        """
        self._erased.add(unit, tip_id)
        return self._erase_rows(unit, tip_id, rule)

    def returned(self, main: Connection, keys: Connection, tags: frozenset[bytes]) -> list[str]:
        """Return the ids of erased tips that a restored backup brought back or a crash left. Reads every id."""
        if not tags:
            return []
        here = set(main.execute(select(tables.tip.c.id)).scalars())
        here |= set(keys.execute(select(tables.envelope.c.tip).distinct()).scalars())
        return sorted(tip for tip in here if self._erased.tag(tip) in tags)

    def erase_again(self, unit: UnitOfWork, returned: Iterable[str]) -> list[str]:
        """Erase the tips that `returned` found; return the names of sealed files to remove after the commit."""
        names = []
        for tip_id in returned:
            names += self._erase_rows(unit, tip_id, "term")
        return names

    def abandoned_files(self, tags: frozenset[bytes]) -> list[str]:
        """Return the names of sealed files of erased tips: a crash may leave them, and a restored folder has them."""
        names = {found.name.partition(".")[0] for found in self._files.files()} if tags else ()
        return sorted(name for name in names if self._erased.tag(name.rpartition("-")[0]) in tags)

    def remove_files(self, names: Iterable[str]) -> None:
        sealed_files.erase(self._files, names)

    def _erase_rows(self, unit: UnitOfWork, tip_id: str, rule: Rule) -> list[str]:
        offices = {to: _had_tip(unit, tip_id, to) for to in deliveries.office_destinations(unit, tip_id)}
        unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == tip_id))
        names = _erase_shared_rows(unit, tip_id, rule)
        forget_term(unit, tip_id)
        for office, had_tip in offices.items():
            named, id_ = order(unit.keys, office, tip_id if had_tip else "", rule)
            deliveries.add(unit, named, office, id_=id_)
        forget_reach(unit, self._edge, tables.reach.c.id == self._edge.link("tip", tip_id))
        receipt = tables.receipt.c.link == self._edge.link("receipt", tip_id)
        unit.main.execute(update(tables.receipt).where(receipt).values(erased=unit.day))
        self._plugins_erase(unit, tip_id)
        return names


def sent_tag(tip_id: str, desk: str, *, is_cover: bool) -> Callable[[Connection], bytes]:
    """Return a reader of the id under which the host records that it sent a desk a tip, or covers in its place."""
    sent = f"{'covered' if is_cover else 'sent'} {desk}"
    return lambda keys: envelopes.tag(keys, tip_id, sent)


def _had_tip(unit: UnitOfWork, tip_id: str, destination: str) -> bool:
    """Return whether an office had a tip. Nobody without the name key can make an envelope's row, or this tag."""
    desk, sent = Destination(destination).name, tables.sent_transfer.c
    tag = sent_tag(tip_id, desk, is_cover=False)(unit.keys)
    was_sent = select(sent.desk).where(sent.desk == desk, sent.transfer_id == tag)
    if envelopes.find(unit.keys, tip_id, desk) is not None or unit.main.execute(was_sent).first():
        return True
    covered = sent_tag(tip_id, desk, is_cover=True)(unit.keys)  # given, and taken back before it was sent
    was_covered = select(sent.desk).where(sent.desk == desk, sent.transfer_id == covered)
    return deliveries.was_given(unit, tip_id, destination) and not unit.main.execute(was_covered).first()


def erase_copies(unit: UnitOfWork, tips: Mapping[str, Rule]) -> None:
    """At a remote office: erase its copies of tips that its host erased, and record each erasure with its rule.

    An order may come again, or for a tip that never came. After the commit, call `remove_copied_files`.
    """
    if not tips:
        return
    tags = {_copy_tag(unit.keys, tip_id): tip_id for tip_id in tips}
    new = {tags[one] for one in unit.insert_new(tables.erased_tip, [{"tag": one} for one in tags], "tag")}
    here = {one for (one,) in bulk.select(unit.main, (tables.tip.c.id,), tables.tip.c.id, [*tips], lock=False)}
    for tip_id in new | here:
        if tip_id not in here:
            tip_counts.count(unit, tip_id)
        unit.keys.execute(delete(tables.envelope).where(tables.envelope.c.tip == tip_id))
        if tip_id in here:
            _erase_shared_rows(unit, tip_id, tips[tip_id])


def is_erased_copy(keys: Connection, tip_id: str) -> bool:
    """Return whether a remote office erased its copy of a tip. If so, it drops later messages about the tip."""
    listed = select(tables.erased_tip).where(tables.erased_tip.c.tag == _copy_tag(keys, tip_id))
    return keys.execute(listed).first() is not None


def _copy_tag(keys: Connection, tip_id: str) -> bytes:
    return tip_counts.erased_entry(keys, envelopes.tag(keys, tip_id, _ERASED_COPY))


def remove_copied_files(files: FileStore, tips: Collection[str]) -> None:
    """Remove every sealed file of these tips from a remote office's store."""
    files.remove([found.name for found in files.files() if found.name.partition("-")[0] in tips])


def _erase_shared_rows(unit: UnitOfWork, tip_id: str, rule: Rule) -> list[str]:
    """Erase a tip's rows that hosts and offices both have in the main database; return the names of its files."""
    custody.record_tip_erasure(unit, tip_id, rule)
    names = evidence_files.delete_files(unit, tip_id)
    for table in _BY_TIP:
        unit.main.execute(delete(table).where(table.c.tip == tip_id))
    unit.main.execute(delete(tables.tip).where(tables.tip.c.id == tip_id))
    tip_changes.note_erasure(unit, tip_id)
    return names


def purge_receipts(unit: UnitOfWork, days: int) -> None:
    """Delete the receipts of tips that were erased more than `days` days ago; from then on their codes are unknown."""
    unit.main.execute(delete(tables.receipt).where(tables.receipt.c.erased < unit.day - days))


_is_tag = re.compile(b"[0-9a-f]{64}").fullmatch


def parse_tags(lines: bytes) -> frozenset[bytes]:
    """Read a list of erased tips. Skip a line that a crash or a failing disk damaged: the key store has its tag."""
    return frozenset(bytes.fromhex(line.decode()) for line in lines.split() if _is_tag(line))


def tag_lines(tags: Iterable[bytes]) -> bytes:
    """Return a list of erased tips as text, for `parse_tags`."""
    return "".join(f"{tag.hex()}\n" for tag in tags).encode()


class ErasedList:
    """The list of erased tips, in the key store and in a file."""

    def __init__(self, file: Path, edge: Identity, keys: Engine) -> None:
        self._file, self._edge, self._keys = file, edge, keys

    def tag(self, tip_id: str) -> bytes:
        return tip_counts.erased_entry(self._keys, self._edge.link("erased", tip_id))

    def add(self, unit: UnitOfWork, tip_id: str) -> None:
        """Add a tip: to the file now, and to the key store with this transaction."""
        tag = self.tag(tip_id)
        self._append([tag])
        unit.insert_new(erased_tip, [{"tag": tag}], "tag")

    def complete(self, unit: UnitOfWork, more: AbstractSet[bytes] = frozenset()) -> frozenset[bytes]:
        """Complete the key store and the file from each other and from `more`; return all tags."""
        stored = set(unit.keys.execute(select(erased_tip.c.tag)).scalars())
        filed = parse_tags(self._file.read_bytes()) if self._file.exists() else frozenset()
        tags = filed | stored | more
        unit.insert_new(erased_tip, [{"tag": tag} for tag in sorted(tags - stored)], "tag")
        self._append(sorted(tags - filed))
        return tags

    def _append(self, tags: Iterable[bytes]) -> None:
        if not (lines := tag_lines(tags)):
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(lines)
            out.flush()
            os.fsync(out.fileno())
        flush_folder(self._file.parent)
