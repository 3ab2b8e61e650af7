"""Drawings keep what they show, and grow to no more than they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.svg import SvgScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

SVG = "<svg xmlns='http://www.w3.org/2000/svg'>{}</svg>"


def test_a_drawing_that_shows_itself_over_and_over_does_not_grow(tmp_path: Path) -> None:
    bomb = "".join(f"<g id='{n}'>" + f"<use href='#{n - 1}'/>" * 9 + "</g>" for n in range(1, 9))
    (tmp_path / "in").write_text(SVG.format(f"<g id='0'><rect width='1' height='1'/></g>{bomb}<use href='#8'/>"))
    SvgScrubber().scrub(tmp_path / "in", tmp_path / "out", Limits())
    assert (tmp_path / "out").read_bytes().count(b"<use") == 9


def test_a_drawing_with_entities_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").write_text(
        '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG.format("<text>&a;</text>")
    )
    with pytest.raises(Unclean, match="damaged"):
        SvgScrubber().scrub(tmp_path / "in", tmp_path / "out", Limits())
