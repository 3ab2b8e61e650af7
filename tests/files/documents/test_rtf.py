"""RTF becomes plain text: what a reader sees, nothing of the writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.markup import MarkupScrubber
from satark_files.limits import Limits


def text_of(data: bytes, folder: Path) -> str:
    (folder / "in").write_bytes(data)
    MarkupScrubber().scrub(folder / "in", folder / "out", Limits())
    return (folder / "out").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1 a\'e9b{\b bold}\par next}", "aébbold\nnext\n"),
        (rb"{\rtf1\ansicpg1251 \'cf\'f0}", "Пр\n"),
        (rb"{\rtf1\uc2 x\u2325 ??y{\uc0\u2325 z}}", "xकyकz\n"),
        (rb"{\rtf1 seen{\*\unknown hidden}{\info{\author hidden}}{\v hidden} too}", "seen too\n"),
        (rb"{\rtf1 \\ \{braces\}}}} after the end", "\\ {braces}\n"),
        (rb"{\rtf1 cut short {\b in a group", "cut short in a group\n"),
    ],
)
def test_the_text_of_rtf_is_kept(rtf: bytes, text: str, tmp_path: Path) -> None:
    assert text_of(rtf, tmp_path) == text
