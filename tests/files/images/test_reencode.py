"""Images that are encoded again: what they show stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from satark_files.images.heif import HeifScrubber
from satark_files.images.reencode import MAX_FRAME_MS, GifScrubber, TiffScrubber
from satark_files.limits import Limits
from satark_files.scrubber import Unclean
from support.evidence.images import encode, photo


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
