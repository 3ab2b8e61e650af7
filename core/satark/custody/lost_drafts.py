"""Gives up values that only lost epoch keys open: drafts, replies under way, reply addresses, and jobs to fetch files.

Submitted tips stay: their keys are in envelopes to the desks. A file that such a tip still waits for is lost; its desks
are told, and its custody log records it.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, cast

from sqlalchemy import select

from satark.custody import entries, log
from satark.identity.edge_key import Identity
from satark.routing.tip_keys import TipKeyAltered, newest_recipient
from satark.store import canaries, envelopes, evidence_files, tables
from satark.store.unit_of_work import UnitOfWork

_KEY_LOST: Final = "its epoch key is lost"
"""Reason of a file that can't be fetched any more because the epoch keys are lost."""


def give_up_drafts(unit: UnitOfWork, identity: Identity) -> tuple[int, list[str]]:
    """Erase the drafts of lost epoch keys; return their number, and the sealed files to delete after the commit.

    A tip that has an envelope is no draft, whatever the main database says: who writes that one alone erases no file.
    """
    file, tip = tables.file.c, tables.tip.c
    unknown = select(file.tip).where(file.tip.not_in(select(tip.id))).distinct()
    drafts = [one for one in unit.main.execute(unknown).scalars().all() if not envelopes.exist(unit.keys, one)]
    names = [name for one in drafts for name in log.erase_files(unit, one)]
    claim = file.attempts.label("attempt")
    waiting = select(file.tip, file.ordinal, claim).join(tables.tip, tip.id == file.tip).where(file.state == "due")
    for row in cast(Sequence[Any], unit.main.execute(waiting.with_for_update()).all()):
        evidence_files.mark_lost(unit, row, _KEY_LOST)
        with suppress(TipKeyAltered):  # nobody knows which key to seal it to
            lost = entries.lost_entry(_KEY_LOST, unit.now)
            log.append_entries(unit, row.tip, newest_recipient(unit, row.tip), row.ordinal, lost)
    return canaries.forget_drafts(unit, identity), names
