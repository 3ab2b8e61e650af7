"""Catalogues of texts: a language, a plural or a value that is missing never breaks a dialogue."""

from __future__ import annotations

from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import OFFERED


def test_catalogues_never_break_a_dialogue() -> None:
    shipped = Catalogues.of("satark.dialogue")
    assert shipped["xx"].language == "hi"
    assert shipped["en"].text("no.such.text") == "no.such.text"
    assert Catalogue("en", {"k": "{a} {b}"}).text("k", a=1) == "1 {b}"
    assert shipped.languages[:2] == OFFERED
