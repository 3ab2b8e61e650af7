"""Forms of officers' acts: what the fields of a page say, as an act that the rules check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from satark.casework import ACT_NAMES, RELEASABLE, DeskAct
from satark_desk.act_values import parse_due

if TYPE_CHECKING:
    from satark.casework import ActName

GIVEN = {f"give_{step}": step for step in RELEASABLE}
"""Field → the step whose answer it hands over."""
FIELDS = (
    "status", "to", "due", "outcome", "priority", "category", "text", "reason", "rewording", "raw", "private", *GIVEN,
)  # fmt: skip
"""Fields of the forms, in the order in which they are shown."""


def act_name(text: str) -> ActName | None:
    """Return the act of this name; None if there is none."""
    return next((name for name in ACT_NAMES if name == text), None)


def act_of(name: ActName, form: Mapping[str, str], utc_offset_hours: float) -> DeskAct:
    """Return what a form asks for."""
    value = {field: form.get(field, "").strip() for field in FIELDS}
    return DeskAct(
        name=name,
        text=value["text"],
        status=value["status"],
        to=value["to"],
        due=parse_due(value["due"], utc_offset_hours),
        outcome=value["outcome"],
        reason=value["reason"],
        priority=value["priority"],
        category=value["category"],
        answers={step: value[field] for field, step in GIVEN.items() if value[field]},
        rewording=value["rewording"],
        raw=bool(value["raw"]),
        private=bool(value["private"]),
    )
