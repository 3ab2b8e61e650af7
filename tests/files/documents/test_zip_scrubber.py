"""ZIP archives: each member is cleaned by itself, and possible voices are left out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.documents.zip_scrubber import ZIP
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file
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


def test_each_member_is_cleaned_and_gets_a_name_without_meaning(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    names = {"IMG-20261120-WA0001.jpg": "jpg", "Ramesh home/plan.pdf": "pdf", "x.docx": "docx"}
    members = {name: make(kind).read_bytes() for name, kind in names.items()}
    inside, left_out = clean(members, tmp_path, limits)
    assert (list(inside), left_out) == (["IMG-20261120-WA0001.jpg", "2.pdf", "3.docx"], ())
    assert all(MARKER_BYTES not in unpacked(content) for content in inside.values())


def test_voices_and_cards_are_left_out_and_named(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    members = {name: make(name).read_bytes() for name in ("opus", "vcf")} | {"a.rtf": rb"{\rtf1 a}"}
    members["mp4"] = make("mp4").read_bytes()
    inside, left_out = clean(members, tmp_path, limits)
    assert (list(inside), left_out) == (["4.mp4", "left-out.txt"], ("members",))
    named = inside["left-out.txt"].decode().split()
    assert named == [
        "1", "audio/ogg", "unsupported", "2", "text/vcard", "unsupported", "3", "application/rtf", "unsupported",
    ]  # fmt: skip
    (tmp_path / "film.mp4").write_bytes(inside["4.mp4"])
    assert b",a," not in ffmpeg("-i", tmp_path / "film.mp4", "-c", "copy", "-f", "streamhash", "-")


def stored(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("pack", [packed, stored], ids=["packed", "stored"])
def test_office_files_are_cleaned_beside_a_chat_and_its_photos(
    make: Callable[[str], Path], tmp_path: Path, pack: Callable[[dict[str, bytes]], bytes]
) -> None:
    names = {"_chat.txt": "txt", "IMG-20261120-WA0001.jpg": "jpg"} | {
        f"a.{k}": k for k in ("docx", "xlsx", "pptx", "odt")
    }
    (tmp_path / "in").write_bytes(pack({name: make(kind).read_bytes() for name, kind in names.items()}))
    assert sniff_file(tmp_path / "in") == ZIP
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", Limits())
    assert made == ZIP
    with zipfile.ZipFile(tmp_path / "out") as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert list(inside) == ["1.txt", "IMG-20261120-WA0001.jpg", "3.docx", "4.xlsx", "5.pptx", "6.odt"]
    assert all(MARKER_BYTES not in unpacked(content) for content in inside.values())


def test_archives_and_mails_are_cleaned_in_each_other_but_not_without_end(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "jane@example.in", "news"
    mail.set_content("words")
    mail.add_attachment(
        packed({"x.jpg": make("jpg").read_bytes()}), maintype="application", subtype="zip", filename="x"
    )
    inside, left_out = clean({"a.eml": mail.as_bytes()}, tmp_path, limits)
    assert (list(inside), left_out) == (["1.zip"], ())
    with zipfile.ZipFile(io.BytesIO(inside["1.zip"])) as archive:
        assert archive.read("mail.txt") == b"news\n\nwords\n"
        with zipfile.ZipFile(io.BytesIO(archive.read("1.zip"))) as photos:
            assert photos.namelist() == ["1.jpg"]
    nested = packed({"x.txt": b"words"})
    for _ in range(3):
        nested = packed({"x.zip": nested})
    (tmp_path / "in").write_bytes(nested)
    with pytest.raises(Unclean, match="unsupported"):
        SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)


def test_a_mails_sound_stays_sealed_and_its_pictures_are_cleaned(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    mail = EmailMessage()
    mail["From"] = "jane@example.in"
    for kind, maintype in (("jpg", "image"), ("opus", "audio"), ("vcf", "text")):
        mail.add_attachment(make(kind).read_bytes(), maintype=maintype, subtype="x", filename=f"{kind}")
    (tmp_path / "in").write_bytes(mail.as_bytes())
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert (made, made.left_out) == (ZIP, ("members",))
    with zipfile.ZipFile(tmp_path / "out") as archive:
        assert archive.namelist() == ["1.jpg", "left-out.txt"]
        assert MARKER_BYTES not in archive.read("1.jpg")


def test_a_mail_copy_does_not_pass_for_a_mail(tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "in").write_bytes(b"From: jane@example.in\n\nDate: Monday\n\nwords")
    assert SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits) == "text/plain"
    assert sniff_file(tmp_path / "out") == "text/plain"


@pytest.mark.slow("ffmpeg")
def test_a_video_container_with_only_sound_is_left_out(tmp_path: Path, limits: Limits) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.5", "-c:a", "aac", tmp_path / "voice.mp4")
    with pytest.raises(Unclean, match="unsupported"):
        clean({"VID-20261120-WA0001.mp4": (tmp_path / "voice.mp4").read_bytes()}, tmp_path, limits)


def test_a_repacked_open_document_is_cleaned_as_one(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    with zipfile.ZipFile(make("odt")) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "in").write_bytes(packed(dict(reversed(members.items()))))
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)
    assert made == "application/vnd.oasis.opendocument.text"


def test_the_other_members_stay_if_one_is_broken(tmp_path: Path, limits: Limits) -> None:
    data = packed({"a.txt": b"first text", "b.txt": b"second text"})
    broken = data.replace(b"first", b"FIRST", 1) if b"first" in data else data[:40] + b"\xff" + data[41:]
    (tmp_path / "in").write_bytes(broken)
    made = SCRUBBER.scrub(tmp_path / "in", tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert made.left_out == ("members",)
