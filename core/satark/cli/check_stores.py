"""The part of `satark check` that compares main database, key store and evidence folder with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from satark.custody.comparison import compare_stores
from satark.settings.settings import SettingProblem
from satark.store.snapshot import SnapshotBusy

if TYPE_CHECKING:
    from satark.services import Services

_HINT: Final = (
    "a copy that was not made with `satark backup` was restored, or a part was lost: restore one backup as a whole "
    "(docs/operations.md, Backups)"
)


def store_problems(services: Services) -> list[SettingProblem]:
    """Find what one store has and another lacks; nothing is known of databases that are written without a pause."""
    try:
        found = compare_stores(services)
    except SnapshotBusy:
        return []
    return [SettingProblem("stores", "SATARK_DATABASE_URL, SATARK_KEYS_URL", str(one), _HINT) for one in found]
