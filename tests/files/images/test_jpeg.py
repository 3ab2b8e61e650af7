"""Odd, hostile and broken JPEG, at the level of its segments."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark_files.images import jpeg
from satark_files.images.jpeg import JpegScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER_BYTES

JPEG = encode(photo(), "JPEG")


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    assert jpeg.strip_metadata(JPEG[:2] + b"\xff\xff\xff" + JPEG[2:]) == jpeg.strip_metadata(JPEG)


def test_restart_markers_are_kept() -> None:
    data = encode(photo(), "JPEG", restart_marker_blocks=1)
    assert b"\xff\xd0" in data
    assert b"\xff\xd0" in jpeg.strip_metadata(data)


def test_a_second_image_after_the_first_is_removed() -> None:
    assert jpeg.strip_metadata(JPEG + JPEG) == jpeg.strip_metadata(JPEG)


def test_adobe_flags_are_cleared() -> None:
    data = encode(photo("CMYK"), "JPEG")
    at = data.index(b"Adobe") + 7
    assert b"\xab\xcd\xef\x01" not in jpeg.strip_metadata(data[:at] + b"\xab\xcd\xef\x01" + data[at + 4 :])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        JPEG[:-2],
        JPEG[:100],
        JPEG[2:],
        JPEG[:2] + b"\xff\xe0\0\1" + JPEG[4:],
        JPEG[:2] + b"\xff\xff",
        JPEG[:2] + b"\0\0" + JPEG[4:],
    ],
)
def test_a_broken_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        jpeg.strip_metadata(data)


def test_a_jpeg_that_cannot_be_parsed_is_encoded_again(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(JPEG[:-2] + b"\xff\xfe\0\x40" + MARKER_BYTES)  # a comment that claims more than there is
    with pytest.raises(Unclean):
        jpeg.strip_metadata(source.read_bytes())
    assert jpeg.JpegScrubber().scrub(source, target, limits) == "image/jpeg"
    assert MARKER_BYTES not in target.read_bytes()


def test_a_copy_that_could_be_cleaned_further_is_refused(
    tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "strip_metadata", lambda data: data + MARKER_BYTES)
    (tmp_path / "in").write_bytes(JPEG)
    with pytest.raises(Unclean, match="damaged"):
        jpeg.JpegScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)


def inserted(segment: bytes, *, before: int, data: bytes = JPEG) -> bytes:
    """Insert a segment before the first one with this marker."""
    at = data.index(bytes((0xFF, before)))
    return data[:at] + segment + data[at:]


def test_tables_that_no_scan_uses_and_bytes_after_the_last_field_are_removed() -> None:
    secret = MARKER_BYTES.ljust(64, b"\1")
    unused = jpeg._segment(jpeg.DQT, b"\3" + secret)
    replaced = jpeg._segment(jpeg.DQT, b"\0" + secret)
    values = jpeg._segment(jpeg.DHT, b"\x13" + bytes(15) + bytes((len(MARKER_BYTES),)) + MARKER_BYTES)
    interval = jpeg._segment(jpeg.DRI, b"\0\0" + MARKER_BYTES)
    for segment in (unused, replaced, values, interval):
        clean = jpeg.strip_metadata(inserted(segment, before=jpeg.DQT))
        assert MARKER_BYTES not in clean
        assert clean.replace(b"\xff\xdd\0\4\0\0", b"") == jpeg.strip_metadata(JPEG)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_pixel_stays(options: dict[str, Any], mode: str) -> None:
    data = encode(photo(mode), "JPEG", **options)
    clean = jpeg.strip_metadata(data)
    assert jpeg.strip_metadata(clean) == clean
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(clean)) as after:
        assert before.tobytes() == after.tobytes()


@pytest.mark.slow("decodes pictures")
@pytest.mark.parametrize("size", [20, 70_000, 300_000])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_bytes_after_the_last_coded_block_are_removed(size: int, mode: str, tmp_path: Path, limits: Limits) -> None:
    data = encode(photo(mode, size=(640, 480)), "JPEG")
    copies = []
    for hidden in (b"", (MARKER_BYTES * size)[:size]):
        (tmp_path / "in").write_bytes(data[:-2] + hidden + data[-2:])
        jpeg.JpegScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
        copies.append((tmp_path / "out").read_bytes())
    assert MARKER_BYTES not in copies[1]
    with Image.open(io.BytesIO(copies[0])) as before, Image.open(io.BytesIO(copies[1])) as after:
        assert before.tobytes() == after.tobytes()
    assert abs(len(copies[1]) - len(copies[0])) <= 3  # the decoder takes missing bits for zeros


FILM = b"\0\0\0\x18ftypmp42" + bytes(40)


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


@pytest.mark.parametrize(
    ("after", "named"),
    [
        (b"", ()),
        (bytes(4), ()),
        (b"#!AMR\n" + bytes(40), ("film",)),
        (FILM, ("film",)),
        (JPEG, ("pictures",)),
        (JPEG + b"OggS" + bytes(40), ("film", "pictures")),
        (JPEG + FILM, ("film", "pictures")),
    ],
)
def test_a_film_or_picture_after_a_jpeg_is_named(
    after: bytes, named: tuple[LeftOut, ...], tmp_path: Path, limits: Limits
) -> None:
    assert left_out(JpegScrubber(), JPEG + after, tmp_path, limits) == named


@pytest.mark.parametrize("height", [240, 400, 464, 480])
def test_rows_below_a_lowered_height_of_a_progressive_image_are_not_kept(
    height: int, tmp_path: Path, limits: Limits
) -> None:
    plain = encode(Image.effect_noise((640, 480), 60), "JPEG", progressive=True)
    lowered = re.sub(rb"(\xff\xc2..\x08)\x01\xe0", lambda found: found[1] + height.to_bytes(2), plain, flags=re.DOTALL)
    (tmp_path / "in").write_bytes(lowered)
    JpegScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    clean = (tmp_path / "out").read_bytes()
    assert Image.open(io.BytesIO(clean)).size == (640, height)
    is_whole = height == 480
    assert (jpeg.strip_metadata(lowered) == clean) is is_whole, "nothing hides in a whole image, which is copied"
    assert is_whole or b"\xff\xc2" not in clean
