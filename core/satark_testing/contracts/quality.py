"""The quality scale: which rules a plugin keeps, its grade, and `quality.yaml`, which says both.

A grade needs every rule of that grade and of the lower ones, kept or exempt. An exemption needs a reason: what in the
medium makes the rule meaningless. The checks of the kit note each rule that was kept in the file that the environment
variable `SATARK_RULES_RECORD` names; `satark plugin grade` sets it and runs the plugin's tests.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from satark_testing.contracts.rule_book import GRADES, RULES, Grade

__all__ = ["RECORD", "Quality", "grade_of", "note", "read_record"]

RECORD: Final = "SATARK_RULES_RECORD"
_PATH: Final = os.environ.get(RECORD)  # read once: checks take the settings out of the environment
_noted: set[str] = set()


class Quality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `quality.yaml` says."""

    grade: Grade | Literal["none"]
    kept: tuple[str, ...]
    """Rules that the plugin's tests showed to be kept."""
    lacking: tuple[str, ...] = ()
    """Rules that are broken or were not tried: those of the next grade first."""
    exempt: Mapping[str, str] = {}
    """Rule → why the plugin needs not keep it. Written by hand."""


def note(rule: str) -> None:
    """Note that a rule was kept. The record is written when the process ends: the checks watch what opens files."""
    if _PATH and not _noted:
        atexit.register(_write, Path(_PATH))
    _noted.add(rule)


def _write(record: Path) -> None:
    record.write_text("\n".join(sorted(_noted)), "ascii")


def read_record(path: Path) -> tuple[str, ...]:
    """Return the rules that were kept; none where no check of the kit ran."""
    return tuple(path.read_text("ascii").split()) if path.exists() else ()


def grade_of(kept: Iterable[str], exempt: Mapping[str, str]) -> Quality:
    """Grade a plugin. The kinds of rules that were tried are those that it is held to; those of a plugin always are."""
    kept = tuple(sorted(set(kept) - exempt.keys()))
    kinds = {rule[0] for rule in kept} | {"P"}
    missing = [rule for rule in RULES.values() if rule.id[0] in kinds and rule.id not in {*kept, *exempt}]
    reached: Grade | Literal["none"] = "none"
    for grade in GRADES:
        if any(rule.grade == grade for rule in missing):
            break
        reached = grade
    lacking = sorted(missing, key=lambda rule: GRADES.index(rule.grade))
    return Quality(grade=reached, kept=kept, lacking=tuple(rule.id for rule in lacking), exempt=exempt)
