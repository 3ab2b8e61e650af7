"""What `satark check` says of desks that one lost passphrase would close for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.routing.rules import PROBE_DESK

if TYPE_CHECKING:
    from satark.roster.state import RosterState


def lone_officers(state: RosterState) -> list[str]:
    """Return a warning for each desk whose key one officer alone can open, or which has one head."""
    return [warning for name in sorted(state.desks.keys() - {PROBE_DESK}) if (warning := _warning(name, state))]


def _warning(name: str, state: RosterState) -> str:
    listed = state.desks[name]
    readers = [one.name for one in listed.officers.values() if one.role != "auditor"]
    if len(readers) == 1:
        return (
            f"desk {name} has one officer: if {readers[0]} loses the passphrase, all its tips are lost; "
            f"run: satark officer add {name} --help"
        )
    if len(readers) > 1 and len(listed.heads) == 1:
        return f"desk {name} has one head: if {listed.heads[0]} loses the passphrase, no officer can get a new key"
    return ""
