"""Fonts with a name that many people have, and others, which may be named after a person."""

from __future__ import annotations

import pytest

from satark_files.documents.typefaces import is_public

PUBLIC = (
    "Arial", "Times New Roman", "/ABCDEF+ArialMT", "/BAAAAA+LiberationSerif-Bold", "/ABCDEE+Calibri,Bold", "Mangal",
    ".SFUI-Regular", "SamsungOneUI-400", "Nirmala UI", "Kruti Dev 010", "/XYZABC+CMSY7", "LMRoman10-Regular",
    "/ABCDEF+NotoSansDevanagari-Regular", "KohinoorDevanagari-Regular", "Segoe UI Emoji", "MS Gothic", "Cambria Math",
    "HelveticaNeue-Bold", "Comic Sans MS", "DejaVu Sans Mono", "Liberation Serif1", "'Noto Sans'", "/Helvetica",
)  # fmt: skip
OTHERS = ("Raju Hand", "/ABCDEF+RajuHand-Regular", "ArialRaju", "Raju Arial", "", "/F1", "राजू")


@pytest.mark.parametrize("name", PUBLIC)
def test_the_fonts_of_phones_and_offices_are_public(name: str) -> None:
    assert is_public(name)


@pytest.mark.parametrize("name", OTHERS)
def test_any_other_name_may_be_somebodys(name: str) -> None:
    assert not is_public(name)
