"""What `satark check` says of settings that nobody reads, since their names are misspelt."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from satark.settings import SettingProblem, Settings

ALIKE = 0.85
"""How much a name must be like a setting's to count as that one misspelt. Others are somebody else's."""


def name_problems(settings: Settings) -> list[SettingProblem]:
    """Find what is almost called like a setting, once every plugin has asked for its section."""
    problems, known = [], settings.known
    for given in sorted({*_in_environment(), *_in_file(settings.path)} - known):
        section, _, field = given.partition("__")
        if f"{section}__{field.partition('__')[0]}" in known:
            continue  # a part of a setting that has parts
        for meant in get_close_matches(given, known, n=1, cutoff=ALIKE):
            setting = given.removeprefix("SATARK_").replace("__", ".").lower()
            problems.append(SettingProblem(setting, given, "nobody reads this", f"did you mean {meant}?"))
    return problems


def _in_environment() -> Iterator[str]:
    return (name.upper() for name in os.environ if name.upper().startswith("SATARK_"))


def _in_file(path: Path | None) -> Iterator[str]:
    for name, value in (tomllib.loads(path.read_text()) if path else {}).items():
        inside = value if isinstance(value, dict) else {"": None}
        yield from (f"SATARK_{name}__{field}".removesuffix("__").upper() for field in inside)
