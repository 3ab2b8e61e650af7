"""Images that are encoded again: what they show stays, what else they have is removed, and a part of it named."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from satark_files.images.reencode import MAX_FRAME_MS, GifScrubber, HeifScrubber, TiffScrubber, WebpScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from support.evidence.images import encode, photo
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


def test_pixels_below_full_transparency_stay(tmp_path: Path, limits: Limits) -> None:
    sticker = photo().convert("RGBA")
    sticker.putalpha(0)
    data = encode(sticker, "WEBP", lossless=True, exact=True)
    assert photo_of(cleaned(data, tmp_path, limits)) == photo_of(data)


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
    assert left_out(HeifScrubber(), burst, tmp_path, limits) == ("pictures",)
    assert left_out(HeifScrubber(), encode(photo(), "AVIF"), tmp_path, limits) == ()


def test_an_image_that_is_cut_off_is_refused(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    data = make("heic").read_bytes()
    with pytest.raises(Unclean, match="damaged"):
        left_out(HeifScrubber(), data[: data.index(b"mdat") + 400], tmp_path, limits)
