"""Labels of steps, options, statuses and places, for what the page shows of a tip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_words.geography.units import ELSEWHERE

if TYPE_CHECKING:
    from satark.dialogue.flow.loader import Questionnaire
    from satark_words.geography.geography import Geography

_OTHER_TEXTS = (".words", ".description", ".ask", ".text")


def labels(questionnaire: Questionnaire, geography: Geography) -> dict[str, dict[str, str]]:
    """Return language → key → label; places have the keys `unit.<code>`."""
    found = {}
    for catalogue in map(questionnaire.texts, questionnaire.languages):
        texts = {key: catalogue.get(key) for key in catalogue if not key.endswith(_OTHER_TEXTS)}
        units = {f"unit.{s.code}": s.label(catalogue.language) for s in geography.stations()}
        units |= {f"unit.{d.code}": d.label(catalogue.language) for d in geography.districts}
        units[f"unit.{ELSEWHERE}"] = catalogue.text(f"district.{ELSEWHERE}")
        found[catalogue.language] = {**texts, **units}
    return found
