"""Looks for faults of the keys: a key that does not fit the database, and epoch keys that nobody destroys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from satark.identity.edge_key import Identity
from satark.runtime import compose
from satark.services import Services
from satark.telemetry.faults import Fault

OVERDUE: Final = 600
"""Seconds that the destruction of an epoch's key may be late."""


def key_faults(identity: Identity | None, services: Services) -> Iterator[Fault]:
    """Compare this process's keys with the database: it may have been restored, or have another edge key by now."""
    for problem in compose.canary_problems(identity, services):
        yield Fault(
            f"{problem.setting.removesuffix('_file')}_wrong",
            f"{problem.setting} {problem.message}",
            f"{problem.hint}; then restart (docs/runbook.md#a-wrong-key)",
            stops=True,
        )
    if identity is not None and (late := _late_epochs(identity)):
        yield Fault(
            "epoch_keys_stay",
            f"{late} epoch keys should be destroyed and are not: what was forgotten can still be opened",
            "see that a process with the role worker runs, and that it can write epoch.keys (epoch_key_file)",
        )


def _late_epochs(identity: Identity) -> int:
    due = time.time() - 2 * identity.epochs.seconds - OVERDUE
    return sum(epoch.since < due for epoch in identity.epochs.live())
