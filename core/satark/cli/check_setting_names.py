"""The part of `satark check` that finds misspelt names of settings."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from satark.settings.settings import SettingProblem, Settings

SIMILARITY = 0.85
"""How similar an unknown name must be to a setting's to count as a misspelling. Other names are not ours."""


def name_problems(settings: Settings) -> list[SettingProblem]:
    """Find unknown names that resemble a setting's; every plugin must have read its section before."""
    problems, known = [], settings.known
    for given in sorted({*_in_environment(), *_in_file(settings.path)} - known):
        section, _, field = given.partition("__")
        if f"{section}__{field.partition('__')[0]}" in known:
            continue  # part of a nested setting
        for meant in get_close_matches(given, known, n=1, cutoff=SIMILARITY):
            setting = given.removeprefix("SATARK_").replace("__", ".").lower()
            problems.append(SettingProblem(setting, given, "is not a setting", f"did you mean {meant}?"))
    return problems


def _in_environment() -> Iterator[str]:
    return (name.upper() for name in os.environ if name.upper().startswith("SATARK_"))


def _in_file(path: Path | None) -> Iterator[str]:
    for name, value in (tomllib.loads(path.read_text()) if path else {}).items():
        inside = value if isinstance(value, dict) else {"": None}
        yield from (f"SATARK_{name}__{field}".removesuffix("__").upper() for field in inside)
