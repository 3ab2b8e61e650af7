"""HTML becomes plain text: what a reader sees, nothing of the writer."""

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


def test_hostile_markup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="damaged"):
        text_of(b"<html>" * 20_000, tmp_path)
