"""Checks which steps of a flow tell whom in the police a tip is about.

Routing keeps a tip away from the office that it accuses. It can do so only where the flow declares which answers
accuse whom (`accuses`), or declares that none does (`accuses: nobody`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_args

from satark.api.flow import Accuses, Step

NOBODY: Final = "nobody"
_UNITS: Final = frozenset(get_args(Accuses))
_UNDECLARED: Final = (
    "the flow does not say whom in the police a tip is about, so a complaint could reach the accused office: "
    "give the step that asks it `accuses: {option: unit}`, or the flow `accuses: nobody` if no tip is about the police"
)


def read_accuses(
    data: Mapping[str, Any], report: Callable[[str], None]
) -> tuple[Mapping[str, Accuses], Literal["", "station", "outpost"]]:
    """Read what a step declares under `accuses`: units by option, or which unit its answer names."""
    declared = data.get("accuses")
    match declared:
        case None:
            return {}, ""
        case "station":
            return {}, "station"
        case "outpost":
            return {}, "outpost"
        case Mapping() if declared and set(declared.values()) <= _UNITS:
            return declared, ""
    units = ", ".join(sorted(_UNITS))
    report(f"`accuses` is `station`, `outpost`, or gives each option one of {units}")
    return {}, ""


def accusation_problems(steps: Sequence[Step], accuses: str) -> Iterator[tuple[str, str]]:
    """List what a flow fails to declare about whom a tip is about, as pairs of step and problem."""
    accusing = [step for step in steps if step.accuses]
    if accuses == NOBODY:
        yield from ((step.id, "`accuses` contradicts the flow's `accuses: nobody`") for step in accusing)
    elif not accusing:
        yield "", _UNDECLARED
    for step in accusing:
        yield from _of_options(step)
    yield from _of_names(steps, accusing)


def _of_options(step: Step) -> Iterator[tuple[str, str]]:
    codes: Callable[[Step], Sequence[str]] | None = getattr(step.type, "codes", None)
    source: str = getattr(step.settings, "source", "")
    if codes is None or source or step.type.name == "choices":
        yield step.id, "`accuses` with options needs a choice of one of its own options"
        return
    options = set(codes(step))
    for code in sorted(options - step.accuses.keys()):
        yield step.id, f"`accuses` does not say whom the option {code!r} accuses"
    for code in sorted(step.accuses.keys() - options):
        yield step.id, f"`accuses` names {code!r}, which is not an option"


def _of_names(steps: Sequence[Step], accusing: Sequence[Step]) -> Iterator[tuple[str, str]]:
    needs_name = [step for step in accusing if "named" in step.accuses.values()]
    if needs_name and not any(step.names == "station" for step in steps):
        yield needs_name[0].id, "an option accuses the `named` station, but no step names it (`accuses: station`)"
    for step in steps:
        if step.names == "station" and getattr(step.settings, "source", "") != "stations":
            yield step.id, "`accuses: station` needs a choice from the stations"
