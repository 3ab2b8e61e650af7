"""Plain text passes without the invisible characters that can hide a watermark."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.plain_text import TextScrubber, decode_text, shown_text, strip_hidden_characters
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.markers import HINDI


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a\u200bb\u2060c\ufeff", "abc"),
        ("tag\U000e0041\U000e0042 and selector\ufe01", "tag and selector"),
        ("odd\u2003space\u00a0and end  \nnext\t\n", "odd space and end\nnext\n"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("e\u0301", "\u00e9"),
    ],
    ids=["zero width", "tags", "blanks", "line ends", "form C"],
)
def test_invisible_characters_are_removed(text: str, clean: str) -> None:
    assert strip_hidden_characters(text) == clean


def test_a_letter_with_more_signs_than_any_language_writes_is_refused() -> None:
    """Unicode orders the signs of one letter, in a time that grows with the square of their number."""
    assert strip_hidden_characters("a" + "\u0301\u0323" * 15).startswith("\u1ea1")
    with pytest.raises(Unclean, match="damaged"):
        strip_hidden_characters("a" + "\u0301\u0323" * 1_000)


def test_joiners_stay_only_if_a_script_is_spelt_with_them() -> None:
    for spelt in (HINDI, "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u2764\ufe0f\u200d\U0001f525"):
        assert strip_hidden_characters(spelt) == spelt
    assert strip_hidden_characters("a\u200db\u200cc") == "abc"


def test_a_text_is_read_in_its_own_encoding() -> None:
    assert decode_text("चोरी".encode()[:-1]) == "चोर"
    assert decode_text("चोरी".encode("utf-16")) == "चोरी"
    assert decode_text("caf\u00e9 noir".encode("cp1252")) == "caf\u00e9 noir"
    with pytest.raises(Unclean, match="damaged"):
        decode_text(b"\xff\xfe\x00\xd8\x00")


def test_a_text_without_a_visible_character_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("\u200b \n", encoding="utf-8")
    with pytest.raises(Unclean, match="damaged"):
        TextScrubber().scrub(tmp_path / "in", tmp_path / "out", Limits())


@pytest.mark.slow("a third of a second of a processor")
@pytest.mark.parametrize("text", ["x" + " " * 2_000_000 + "y", "x" + "\n " * 1_000_000 + "y"], ids=["blanks", "lines"])
def test_long_runs_of_blanks_take_one_pass(text: str) -> None:
    """With the square of their length, they would take hours."""
    assert len(shown_text(text)) in {len(text) + 1, len("x\n\n y\n")}
