"""Older canonical forms of flows: sessions that began before an upgrade are pinned to them, and must go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    "category": ("choice", "category"),
    "police": ("choice", "police"),
    "now": ("choice", "now"),
    "when": ("choice", "when"),
    "whose_voice": ("choice", "own_voice"),
    "film_sound": ("choice", "film_sound"),
}
"""Id → the type and meaning that a step with it had before `means` was declared."""


def with_meaning_of_id(step: Mapping[str, Any]) -> dict[str, Any]:
    """Declare what a step's id alone meant before steps declared it."""
    kind, meaning = _MEANINGS.get(str(step.get("id")), ("", ""))
    return {**step, "means": meaning} if step.get("type") == kind else dict(step)
