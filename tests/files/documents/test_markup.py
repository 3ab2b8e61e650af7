"""HTML becomes plain text: the text that a reader sees, and nothing about the writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.markup import MarkupScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff


def text_of(data: bytes, folder: Path) -> str:
    (folder / "in").write_bytes(data)
    MarkupScrubber().scrub(folder / "in", folder / "out", Limits())
    return (folder / "out").read_text(encoding="utf-8")


SAVED = {
    "by a browser": "<!-- saved from url=(0023)https://example.in/jane -->\n<html><head><title>Jane</title></head>",
    "as XHTML": '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x" "y">\n<html><head><meta content="Jane"/></head>',
    "as a part": '<div data-user="Jane">',
}


@pytest.mark.parametrize("head", SAVED.values(), ids=SAVED)
def test_a_saved_page_is_recognised_and_shows_its_text(head: str, tmp_path: Path) -> None:
    page = (
        f"{head}<body><p>seen</p><select><option>Jane</select><p style='opacity:0'>Jane</p><p style='opacity:0.5'>too"
    )
    assert sniff(page.encode()) == "text/html"
    assert text_of(page.encode(), tmp_path).split() == ["seen", "too"]


def test_hostile_markup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="damaged"):
        text_of(b"<html>" * 20_000, tmp_path)
