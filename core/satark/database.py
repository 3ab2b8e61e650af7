"""Contract: a plugin's own tables, and writes in the host's transactions."""

from satark.store.deliveries import add as add_delivery
from satark.store.deliveries import alarm as add_alarm
from satark.store.deliveries import came_back as mark_returned
from satark.store.deliveries import delivered_ids
from satark.store.migrations import Branch
from satark.store.unit_of_work import UnitOfWork
from satark.store.workspace import temporary_folder, workspace_dir

__all__ = [
    "Branch",
    "UnitOfWork",
    "add_alarm",
    "add_delivery",
    "delivered_ids",
    "mark_returned",
    "temporary_folder",
    "workspace_dir",
]
