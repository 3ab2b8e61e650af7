"""The part of `satark check` that examines the areas of the desks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from satark.settings.settings import SettingProblem

if TYPE_CHECKING:
    from satark_words.geography.geography import Geography


def area_problems(desks: Iterable[tuple[str, str, str]], geography: Geography) -> list[SettingProblem]:
    """Find desks whose area the geography does not have, so that no tip of their area would reach them.

    `desks`: name, level and area of each.
    """
    areas = {
        "outpost": {outpost.code for station in geography.stations() for outpost in station.outposts},
        "station": {station.code for station in geography.stations()},
        "circle": {station.circle for station in geography.stations()},
        "district": {district.code for district in geography.districts},
        "range": {district.range for district in geography.districts},
    }
    return [
        SettingProblem(
            f"desk {name}: area",
            "SATARK_GEOGRAPHY",
            f"the geography has no {level} {area!r}, so this desk gets no tips of it",
            "correct the geography's file (docs/geography.md), or add a desk with another --area",
        )
        for name, level, area in desks
        if area and level in areas and area not in areas[level]
    ]
