"""HTML, mail, RTF and maps become plain text: what a reader sees, nothing of the writer."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.documents.markup import MarkupScrubber
from satark_files.documents.svg import SvgScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean

SVG = "<svg xmlns='http://www.w3.org/2000/svg'>{}</svg>"


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


def test_the_html_of_a_mail_without_plain_text_is_shown(tmp_path: Path) -> None:
    head = b"From: a@example.in\nSubject: =?utf-8?b?4KSo4KSu4KS44KWN4KSk4KWH?=\nContent-Type: text/html\n\n"
    assert text_of(head + b"<p>one<br>two</p>", tmp_path) == "नमस्ते\n\none\ntwo\n"


@pytest.mark.parametrize(
    "data",
    [
        b"<html>" * 20_000,
        b"{\\rtf1" + b"{" * 90_000,
        b"From: a@b\nContent-Type: multipart/mixed\n\n",
        b"<kml>&x;</kml>",
    ],
    ids=["deep", "deep groups", "no parts", "entity"],
)
def test_hostile_markup_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="damaged"):
        text_of(data, tmp_path)


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
