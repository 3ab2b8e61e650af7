"""Erases files: deletes their rows, and leaves of them in the custody log only that they were erased."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark.custody import log
from satark.store import evidence_files

if TYPE_CHECKING:
    from satark.store.unit_of_work import UnitOfWork


def erase_files(unit: UnitOfWork, tip: str, ordinals: Sequence[str] | None = None) -> list[str]:
    """Erase a tip's files (all of them, or these) in this transaction.

    Returns:
        The names of the sealed copies, which the caller deletes after the commit.
    """
    log.record_erasure(unit, tip, ordinals)
    return evidence_files.delete_files(unit, tip, ordinals)
