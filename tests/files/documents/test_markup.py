"""HTML, mail and maps become plain text: what a reader sees, nothing of the writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.markup import MarkupScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean


def text_of(data: bytes, folder: Path) -> str:
    (folder / "in").write_bytes(data)
    MarkupScrubber().scrub(folder / "in", folder / "out", Limits())
    return (folder / "out").read_text(encoding="utf-8")


def test_the_html_of_a_mail_without_plain_text_is_shown(tmp_path: Path) -> None:
    head = b"From: a@example.in\nSubject: =?utf-8?b?4KSo4KSu4KS44KWN4KSk4KWH?=\nContent-Type: text/html\n\n"
    assert text_of(head + b"<p>one<br>two</p>", tmp_path) == "नमस्ते\n\none\ntwo\n"


@pytest.mark.parametrize(
    "data",
    [
        b"<html>" * 20_000,
        b"From: a@b\nContent-Type: multipart/mixed\n\n",
        b"<kml>&x;</kml>",
    ],
    ids=["deep", "no parts", "entity"],
)
def test_hostile_markup_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="damaged"):
        text_of(data, tmp_path)
