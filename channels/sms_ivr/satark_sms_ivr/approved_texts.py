"""Texts that an Indian operator approved (DLT): it delivers no other, so no other is sent."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from satark_sms_ivr.dlt import VARIABLE_CHARACTERS
from satark_sms_ivr.segments import to_gsm7

_tag = re.compile(r"(\{#\w+#\})")
_EXPECTED: Final = "it must be the sheet of `satark sms templates`, UTF-8, with the columns text and template_id"


def read_ids(sheet: Path) -> dict[str, str]:
    """Read text → approved id from the registration sheet; the id is empty where there is none.

    Raises:
        ValueError: it is no such sheet; the message says what is expected.
    """
    try:
        rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
        return {row["text"]: row["template_id"].strip() for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error):
        raise ValueError(f"{sheet} can't be read: {_EXPECTED}") from None


class ApprovedTexts:
    """Tells whether a message is one of the approved texts, its variables filled."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        approved = [text for text, id_ in ids.items() if id_]
        self._fixed = {text for text in approved if not _tag.search(text)}
        self._patterns = [_pattern(text) for text in approved if _tag.search(text)]

    def __contains__(self, message: object) -> bool:
        text = to_gsm7(str(message)).strip()
        return text in self._fixed or any(pattern.fullmatch(text) for pattern in self._patterns)


def _pattern(text: str) -> re.Pattern[str]:
    """Return what a message of a template looks like: variables that follow one another hold one longer value."""
    parts = groupby(filter(None, _tag.split(text)), key=lambda part: bool(_tag.fullmatch(part)))
    return re.compile("".join(_part(list(found), is_variable=is_variable) for is_variable, found in parts), re.DOTALL)


def _part(parts: Iterable[str], *, is_variable: bool) -> str:
    parts = list(parts)
    return f".{{0,{VARIABLE_CHARACTERS * len(parts)}}}" if is_variable else re.escape("".join(parts))
