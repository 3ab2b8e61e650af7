"""Images that are encoded again: their visible content stays, the rest is removed, and parts of it are named."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageSequence

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.images.jpeg import JpegScrubber
from satark_files.images.reencode import MAX_FRAME_MS, GifScrubber, HeifScrubber, TiffScrubber, WebpScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from satark_files.sniff import sniff_file
from support.evidence.images import encode, exif, photo
from support.evidence.markers import MARKER_BYTES


def test_an_animation_with_too_many_pixels_in_all_is_refused(tmp_path: Path, make: Callable[[str], Path]) -> None:
    with pytest.raises(Unclean, match="too-many-pixels"):
        GifScrubber().scrub(make("gif"), tmp_path / "out", Limits(pixels=96 * 64 + 1))


def test_a_frame_of_endless_duration_is_shortened(tmp_path: Path, limits: Limits) -> None:
    data = encode(photo(), "GIF", save_all=True, append_images=[photo().rotate(9)], duration=655_350)
    (tmp_path / "in").write_bytes(data)
    GifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as picture:
        assert (picture.n_frames, picture.info["duration"]) == (2, MAX_FRAME_MS)  # type: ignore[attr-defined]


def test_a_transparent_gif_stays_transparent(tmp_path: Path, limits: Limits) -> None:
    layer = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    layer.paste((255, 0, 0, 255), (5, 5, 15, 15))
    (tmp_path / "in").write_bytes(encode(layer, "GIF"))
    GifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert after.convert("RGBA").getchannel("A").getpixel((0, 0)) == 0
        assert after.convert("RGBA").getpixel((10, 10)) == (255, 0, 0, 255)


def test_a_page_with_a_palette_keeps_its_colours(tmp_path: Path, limits: Limits) -> None:
    page = photo("P")
    (tmp_path / "in").write_bytes(encode(page, "TIFF"))
    TiffScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert after.convert("RGB").tobytes() == page.convert("RGB").tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
def test_a_transparent_image_is_drawn_on_white(mode: str, tmp_path: Path, limits: Limits) -> None:
    layer = Image.new(mode, (64, 64), (9, 9, 9, 0) if mode == "RGBA" else "white")
    (tmp_path / "in").write_bytes(encode(layer, "AVIF"))
    HeifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert min(after.convert("L").tobytes()) > 250


WEBP = encode(photo(), "WEBP")


def cleaned(data: bytes, folder: Path, limits: Limits) -> bytes:
    (folder / "in").write_bytes(data)
    assert WebpScrubber().scrub(folder / "in", folder / "out", limits) == "image/webp"
    return (folder / "out").read_bytes()


def frames(data: bytes) -> list[tuple[bytes, int]]:
    with Image.open(io.BytesIO(data)) as picture:
        return [(frame.convert("RGBA").tobytes(), frame.info["duration"]) for frame in ImageSequence.Iterator(picture)]


def hidden_in(data: bytes, kind: bytes) -> bytes:
    """Append a marker to the payload of the last chunk of this type."""
    at = data.rindex(kind) + 4
    length = int.from_bytes(data[at : at + 4], "little")
    extra = b"zqTR" + (14).to_bytes(4, "little") + MARKER_BYTES * 2
    end = at + 4 + length
    body = data[8:at] + (length + len(extra)).to_bytes(4, "little") + data[at + 4 : end] + extra + data[end:]
    return b"RIFF" + len(body).to_bytes(4, "little") + body


ANIMATION = {"save_all": True, "append_images": [photo().rotate(90)], "duration": [70, 130], "lossless": True}


@pytest.mark.parametrize(
    ("kind", "options"),
    [(b"VP8 ", {}), (b"VP8L", {"lossless": True}), (b"ANMF", ANIMATION)],
    ids=["VP8", "VP8L", "ANMF"],
)
def test_bytes_behind_coded_pixels_are_removed_and_every_pixel_stays(
    kind: bytes, options: dict[str, Any], tmp_path: Path, limits: Limits
) -> None:
    data = encode(photo(), "WEBP", **options)
    assert MARKER_BYTES in hidden_in(data, kind)
    assert MARKER_BYTES not in (copy := cleaned(hidden_in(data, kind), tmp_path, limits))
    if kind == b"ANMF":
        assert frames(copy) == frames(data)
    else:
        assert photo_of(copy) == photo_of(data)


def photo_of(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGBA").tobytes()


def test_an_erased_part_of_a_sticker_is_removed_and_named(tmp_path: Path, limits: Limits) -> None:
    sticker = photo().convert("RGBA")
    sticker.putalpha(Image.linear_gradient("L").resize(sticker.size).point(lambda value: 255 * (value > 99)))
    data = encode(sticker, "WEBP", lossless=True, exact=True)
    blank = Image.new("RGBA", sticker.size)
    blank.paste(sticker, mask=sticker.getchannel("A"))
    assert photo_of(cleaned(data, tmp_path, limits)) == blank.tobytes() != photo_of(data)
    made = WebpScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    assert isinstance(made, Cleaned)
    assert made.left_out == ("hidden",)


@pytest.mark.parametrize("data", [WEBP[:20], WEBP[: len(WEBP) // 2], WEBP[:12] + bytes(40)])
def test_a_broken_webp_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(data, tmp_path, limits)


FILM = b"\0\0\0\x18ftypmp42" + bytes(40)


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


def test_the_film_of_a_moving_photo_in_heic_is_named(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    data = make("heic").read_bytes()
    assert left_out(HeifScrubber(), data, tmp_path, limits) == ()
    assert left_out(HeifScrubber(), data + b"\0\0\0\x30mpvd" + FILM, tmp_path, limits) == ("film",)


def test_the_further_pictures_of_a_burst_are_named(tmp_path: Path, limits: Limits) -> None:
    burst = encode(photo(), "AVIF", save_all=True, append_images=[photo()])
    assert left_out(HeifScrubber(), burst, tmp_path, limits) == ("pictures", "film"), "its tracks may hold sound"
    assert left_out(HeifScrubber(), encode(photo(), "AVIF"), tmp_path, limits) == ()


def test_an_image_that_is_cut_off_is_refused(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    data = make("heic").read_bytes()
    with pytest.raises(Unclean, match="damaged"):
        left_out(HeifScrubber(), data[: data.index(b"mdat") + 400], tmp_path, limits)


LARGE = photo(size=(640, 480))
JPEG = encode(LARGE, "JPEG", exif=exif(1), comment=MARKER_BYTES)
PROGRESSIVE = encode(LARGE, "JPEG", exif=exif(1), comment=MARKER_BYTES, progressive=True)
GIF, BMP = encode(LARGE, "GIF", comment=MARKER_BYTES), encode(LARGE, "BMP")
BMP_CUT = BMP[: len(BMP) * 6 // 10]
"""Its rows come from the bottom."""
PNG = encode(LARGE, "PNG", exif=exif(1))


def salvaged(data: bytes, folder: Path, limits: Limits) -> Cleaned:
    source = folder / "source"
    source.write_bytes(data)
    scrubber = next(one for one in builtin_scrubbers() if sniff_file(source) in one.mimes)
    mime = scrubber.scrub(source, folder / "target", limits)
    copy = (folder / "target").read_bytes()
    assert sniff_file(folder / "target") == mime
    assert MARKER_BYTES not in copy
    assert b"Exif" not in copy
    return mime if isinstance(mime, Cleaned) else Cleaned(mime)


@pytest.mark.parametrize(
    ("data", "low", "high"),
    [
        (JPEG[: len(JPEG) // 2], 40, 70),
        (JPEG[: len(JPEG) * 9 // 10], 80, 95),
        (PROGRESSIVE[: len(PROGRESSIVE) // 2], 10, 90),
        (PNG[: len(PNG) // 2], 40, 60),
        (GIF[: len(GIF) * 6 // 10], 40, 80),
        (BMP_CUT, 50, 70),
        (PNG[:-40] + bytes(20) + PNG[-20:], 80, 99),
    ],
    ids=["half", "nine tenths", "progressive", "png", "gif", "bmp", "png with a wrong checksum"],
)
def test_the_readable_part_is_shown_with_its_percentage(
    data: bytes, low: int, high: int, tmp_path: Path, limits: Limits
) -> None:
    assert low <= salvaged(data, tmp_path, limits).readable <= high
    with Image.open(tmp_path / "target") as copy:
        assert copy.size == LARGE.size
        top = (0, 300, 640, 400) if data is BMP_CUT else (0, 0, 640, 100)
        difference = ImageChops.difference(copy.convert("RGB").crop(top), LARGE.crop(top))
        assert difference.convert("L").resize((1, 1)).getpixel((0, 0)) < 40  # type: ignore[operator]


@pytest.mark.parametrize(("size", "low", "high"), [(674, 100, 100), (500, 10, 99)], ids=["whole", "cut"])
def test_a_progressive_image_in_arithmetic_coding_is_shown(
    size: int, low: int, high: int, tmp_path: Path, limits: Limits
) -> None:
    data = (Path(__file__).parent / "arithmetic-progressive.jpg").read_bytes()
    assert low <= salvaged(data[:size], tmp_path, limits).readable <= high


def test_a_jpeg_that_lacks_only_its_end_is_cleaned_without_loss(tmp_path: Path, limits: Limits) -> None:
    (tmp_path / "source").write_bytes(JPEG)
    JpegScrubber().scrub(tmp_path / "source", tmp_path / "complete", limits)
    complete = (tmp_path / "complete").read_bytes()
    for cut in (1, 2):
        assert salvaged(JPEG[:-cut], tmp_path, limits).readable == 100
        assert (tmp_path / "target").read_bytes() == complete


@pytest.mark.parametrize("lost", [1, 2], ids=["half of its end", "its end"])
@pytest.mark.parametrize("data", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
def test_foreign_bytes_after_a_truncated_image_are_not_kept(
    data: bytes, lost: int, tmp_path: Path, limits: Limits
) -> None:
    film = b"\0\0\0\x18ftypmp42" + MARKER_BYTES
    assert salvaged(data[:-lost] + film, tmp_path, limits).readable >= 90
    with Image.open(tmp_path / "target") as copy:
        assert copy.size == LARGE.size


@pytest.mark.parametrize("size", [(300, 5), (4, 4), (1, 300)])
def test_a_narrow_image_is_cleaned(size: tuple[int, int], tmp_path: Path, limits: Limits) -> None:
    assert salvaged(encode(photo(size=(300, 300)).resize(size), "JPEG"), tmp_path, limits).readable == 100


@pytest.mark.parametrize("data", [JPEG[:200], JPEG[:700], PNG[:60], PROGRESSIVE[:300]])
def test_an_unreadable_image_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        salvaged(data, tmp_path, limits)
