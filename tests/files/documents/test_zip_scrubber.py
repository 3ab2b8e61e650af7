"""ZIP archives: each member is cleaned by itself, and whatever may be a voice stays outside."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.documents.zip_scrubber import ZIP
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from satark_files.scrubbers import builtin_scrubbers
from support.evidence.documents import unpacked
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import ffmpeg

SCRUBBER = next(one for one in builtin_scrubbers() if ZIP in one.mimes)


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def clean(members: dict[str, bytes], folder: Path, limits: Limits) -> tuple[dict[str, bytes], tuple[str, ...]]:
    (folder / "in").write_bytes(packed(members))
    made = SCRUBBER.scrub(folder / "in", folder / "out", limits)
    assert isinstance(made, Cleaned)
    with zipfile.ZipFile(folder / "out") as archive:
        return {name: archive.read(name) for name in archive.namelist()}, made.left_out


def test_each_member_is_cleaned_and_gets_a_name_that_says_nothing(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    names = {"IMG-20261120-WA0001.jpg": "jpg", "Ramesh home/plan.pdf": "pdf", "x.docx": "docx"}
    members = {name: make(kind).read_bytes() for name, kind in names.items()}
    inside, left_out = clean(members, tmp_path, limits)
    assert (list(inside), left_out) == (["IMG-20261120-WA0001.jpg", "2.pdf", "3.docx"], ())
    assert all(MARKER_BYTES not in unpacked(content) for content in inside.values())


def test_voices_cards_and_inner_archives_are_left_out(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    members = {name: make(name).read_bytes() for name in ("opus", "vcf", "zip", "mp4")}
    inside, left_out = clean(members, tmp_path, limits)
    assert (list(inside), left_out) == (["4.mp4"], ("members",))
    (tmp_path / "film.mp4").write_bytes(inside["4.mp4"])
    assert b",a," not in ffmpeg("-i", tmp_path / "film.mp4", "-c", "copy", "-f", "streamhash", "-")


@pytest.mark.slow("ffmpeg")
def test_a_video_container_with_sound_alone_is_left_out(tmp_path: Path, limits: Limits) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.5", "-c:a", "aac", tmp_path / "voice.mp4")
    with pytest.raises(Unclean, match="unsupported"):
        clean({"VID-20261120-WA0001.mp4": (tmp_path / "voice.mp4").read_bytes()}, tmp_path, limits)


def test_an_open_document_that_was_packed_again_is_cleaned_as_one(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    with zipfile.ZipFile(make("odt")) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "in").write_bytes(packed(dict(reversed(members.items()))))
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)
    assert made == "application/vnd.oasis.opendocument.text"


def test_the_other_members_are_kept_if_one_is_broken(tmp_path: Path, limits: Limits) -> None:
    data = packed({"a.txt": b"first text", "b.txt": b"second text"})
    broken = data.replace(b"first", b"FIRST", 1) if b"first" in data else data[:40] + b"\xff" + data[41:]
    (tmp_path / "in").write_bytes(broken)
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert made.left_out == ("members",)
