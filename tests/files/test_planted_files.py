"""A held-out corpus: in every kind of file no planted marker is in the copy, or the file is sealed and reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file
from support.evidence.corpus import FAMILIES, markers_in, planted
from support.evidence.documents import HINDI, SHOWN, unpacked

FULL = pytest.mark.full("some 30 films")
SCRUBBERS = builtin_scrubbers()
UNMARKED = {"pdf-locked"}
"""Kinds in which the search finds no marker: nobody can open such a file."""


def cleaned(kind: str, folder: Path) -> tuple[bytes, bytes | None]:
    """Make a file and return it with its clean copy; None if it is sealed without one."""
    source, target = folder / "source", folder / "clean"
    source.write_bytes(planted(kind, folder))
    scrubber = next((one for one in SCRUBBERS if sniff_file(source) in one.mimes), None)
    try:
        if scrubber is not None:
            scrubber.scrub(source, target, Limits())
            return source.read_bytes(), target.read_bytes()
    except Unclean:
        pass
    return source.read_bytes(), None


SEALED = {
    "pictures": {"cr2", "jxl", "jp2", "psd", "ico", "tga", "pcx", "pnm", "qoi", "wmf", "emf"},
    "films": {
        "w64", "au", "ogg-speex", "mp2", "ac3", "wv", "tta", "nut", "y4m", "rm", "silk", "ape", "mov-png",
        "swf", "mid",
    },
    "office": set(),
    "pages": {"pdf-locked"},
    "archives": {"zip-prefixed", "tar", "gz", "7z", "rar"},
}  # fmt: skip
"""Family → its kinds that are sealed without a copy. Of texts, all are but chats and contact cards."""
SHOWING = {"txt-whatsapp", "txt-iphone", "txt-hindi", "vcs"}


@pytest.mark.slow("some 150 files")
@pytest.mark.parametrize("family", [*FAMILIES, pytest.param("films", marks=FULL)][1:])
def test_no_marker_is_in_a_copy_and_files_from_phones_have_one(family: str, tmp_path: Path) -> None:
    sealed, leaks, unmarked, lost = set(), [], set(), []
    for kind in FAMILIES[family]:
        source, copy = cleaned(kind, tmp_path)
        unmarked |= set() if markers_in(source) else {kind}
        if copy is None:
            sealed.add(kind)
            continue
        leaks += [(kind, found) for found in markers_in(copy)]
        lost += (
            [kind] if family == "office" and not all(one.encode() in unpacked(copy) for one in (SHOWN, HINDI)) else []
        )
    assert leaks == []
    assert lost == []
    assert unmarked <= UNMARKED
    assert sealed == SEALED.get(family, set(FAMILIES["texts"]) - SHOWING)


def test_the_corpus_has_as_many_kinds_as_were_promised() -> None:
    assert sum(map(len, FAMILIES.values())) >= 90
