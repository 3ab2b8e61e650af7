"""Contract: a plugin's own tables, and writes in the host's transactions."""

from satark.api.services import Branch
from satark.store.deliveries import add as add_delivery
from satark.store.deliveries import add_alarm, delivered_ids, mark_returned
from satark.store.threads import batches as in_batches
from satark.store.tip_changes import note as note_tip_change
from satark.store.unit_of_work import UnitOfWork
from satark.store.workspace import temporary_folder, workspace_dir

__all__ = [
    "Branch",
    "UnitOfWork",
    "add_alarm",
    "add_delivery",
    "delivered_ids",
    "in_batches",
    "mark_returned",
    "note_tip_change",
    "temporary_folder",
    "workspace_dir",
]
