"""Old Word, Excel and PowerPoint files show their text and pictures; nothing of their writer passes."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.documents.old_office.scrubber import OldOfficeScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from support.evidence.documents.old_office.compound import compound_file
from support.evidence.documents.old_office.excel import excel_streams
from support.evidence.documents.old_office.powerpoint import powerpoint_streams
from support.evidence.documents.old_office.word import word_streams
from support.evidence.markers import HINDI, MARKER, SHOWN

TEXTS = {
    "doc": f"{SHOWN} “quoted”\n{HINDI}\na link\nbold\ncell\tcell\n",
    "xls": f"List\n{SHOWN}\tab{HINDI}\tbold\n2025-11-20 12:00:00\t\t12.34\n7\t7\njoined\t2.5\tTRUE\t#DIV/0!\n",
    "ppt": f"{SHOWN}\n{HINDI}\nnext\n",
}


def scrub(data: bytes, folder: Path) -> Cleaned:
    (folder / "in").write_bytes(data)
    made = OldOfficeScrubber().scrub(folder / "in", folder / "out", Limits())
    assert isinstance(made, Cleaned)
    return made


@pytest.mark.parametrize("kind", TEXTS)
def test_text_and_pictures_are_shown_as_a_reader_sees_them(
    kind: str, make: Callable[[str], Path], tmp_path: Path
) -> None:
    made = scrub(make(kind).read_bytes(), tmp_path)
    assert (made, made.left_out) == ("application/zip", ("pages",) if kind == "xls" else ())
    with zipfile.ZipFile(tmp_path / "out") as archive:
        assert archive.namelist() == ["text.txt", "1.jpg"]
        assert archive.read("text.txt").decode() == TEXTS[kind]
        assert MARKER.encode() not in archive.read("1.jpg")


@pytest.mark.parametrize("kind", ["ppt-plain", "ole-plain"])
def test_a_file_without_pictures_becomes_a_text_file(kind: str, make: Callable[[str], Path], tmp_path: Path) -> None:
    assert scrub(make(kind).read_bytes(), tmp_path) == "text/plain"
    assert (tmp_path / "out").read_text(encoding="utf-8") == TEXTS["doc" if kind == "ole-plain" else "ppt"]


def changed(streams: dict[str, bytes], name: str, at: int, new: bytes) -> bytes:
    old = streams[name]
    return compound_file(streams | {name: old[:at] + new + old[at + len(new) :]})


LOCKED = {
    "word": changed(word_streams(b""), "WordDocument", 10, b"\0\3"),
    "excel": changed(excel_streams(b""), "Workbook", 12, b"\x2f\0"),
    "powerpoint": changed(powerpoint_streams(b""), "Current User", 12, b"\xdf\xc4\xd1\xf3"),
    "a newer file": compound_file({"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(200)}),
}


@pytest.mark.parametrize("data", LOCKED.values(), ids=LOCKED)
def test_a_file_with_a_password_is_reported_as_encrypted(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="encrypted"):
        scrub(data, tmp_path)


UNSUPPORTED = {
    "word 95": changed(word_streams(b""), "WordDocument", 0, b"\xdc\xa5"),
    "excel 95": compound_file({"Book": bytes(5000)}),
    "a mail": compound_file({"__properties_version1.0": bytes(200)}),
    "nothing but formats": compound_file({"Workbook": b"\x09\x08\x08\0\0\6\5\0\0\0\0\0\x0a\0\0\0"}),
}


@pytest.mark.parametrize("data", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_an_unreadable_file_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="unsupported"):
        scrub(data, tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("kind", ["doc", "xls", "ppt"])
def test_a_file_cut_short_before_its_tables_is_refused(
    kind: str, share: float, make: Callable[[str], Path], tmp_path: Path
) -> None:
    data = make(kind).read_bytes()
    with pytest.raises(Unclean, match=r"damaged|unsupported"):
        scrub(data[: int(len(data) * share)], tmp_path)


def test_the_readable_percentage_of_a_file_is_reported(make: Callable[[str], Path], tmp_path: Path) -> None:
    data = make("ppt").read_bytes()
    table = data.index(struct.pack("<I", 0xFFFFFFFD)) // 512 * 512
    used = struct.pack("<I", 0xFFFFFFFD)
    longer = data[:table] + data[table : table + 512].rstrip(b"\xff").ljust(508, b"\xfe") + used + data[table + 512 :]
    assert scrub(data, tmp_path).readable == 100
    assert 5 < scrub(longer, tmp_path).readable < 60
