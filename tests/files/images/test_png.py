"""Odd, hostile and broken PNG: only its pixels stay."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from satark_files.images.reencode import PngScrubber
from satark_files.limits import MB, Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from satark_files.sniff import sniff_file
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER_BYTES


def chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + zlib.crc32(kind + payload).to_bytes(4)


PNG = encode(photo(), "PNG")
SIGNATURE = PNG[:8]


def cleaned(data: bytes, folder: Path, limits: Limits) -> bytes:
    (folder / "in").write_bytes(data)
    PngScrubber().scrub(folder / "in", folder / "out", limits)
    return (folder / "out").read_bytes()


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.tobytes() if picture.mode == "I;16" else picture.convert("RGBA").tobytes()


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


@pytest.mark.parametrize(
    "data",
    [
        PNG[:40],
        PNG[:33] + chunk(b"IDAT", b"no stream") + PNG[-12:],
        PNG[:33] + chunk(b"IDAT", zlib.compress(b"x" * 99)[:-5]) + PNG[-12:],
    ],
)
def test_a_png_of_which_nothing_can_be_read_is_refused(data: bytes, tmp_path: Path, limits: Limits) -> None:
    with pytest.raises(Unclean, match="damaged"):
        cleaned(data, tmp_path, limits)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16", "LA"])
@pytest.mark.parametrize("size", [(96, 64), (1, 1), (3, 5), (33, 9)])
def test_every_pixel_stays_and_no_data_hides_beside_them(
    mode: str, size: tuple[int, int], tmp_path: Path, limits: Limits
) -> None:
    data = encode(
        photo().resize(size).convert("L").convert(mode) if mode == "I;16" else photo(mode).resize(size), "PNG"
    )
    packed = b"".join(payload for kind, payload in chunks(data) if kind == b"IDAT")
    hidden = chunk(b"IDAT", zlib.compress(zlib.decompress(packed) + MARKER_BYTES))
    longer = chunk(b"IHDR", data[16:29] + MARKER_BYTES)
    rest = b"".join(chunk(*one) for one in chunks(data) if one[0] not in {b"IHDR", b"IDAT", b"IEND"})
    text = chunk(b"tEXt", b"Author\0" + MARKER_BYTES)
    clean = cleaned(SIGNATURE + longer + rest + hidden + text + PNG[-12:] + MARKER_BYTES, tmp_path, limits)
    assert pixels(clean) == pixels(data)
    inside = b"".join(payload for kind, payload in chunks(clean) if kind == b"IDAT")
    assert {kind for kind, _ in chunks(clean)} <= {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
    assert MARKER_BYTES not in clean + zlib.decompress(inside)


def test_an_animated_png_keeps_its_still_image(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    data = encode(photo(), "PNG", save_all=True, append_images=[photo().rotate(90)])
    source.write_bytes(data[:-12] + chunk(b"tEXt", b"Author\0" + MARKER_BYTES) + data[-12:])
    assert b"acTL" in data
    assert sniff_file(source) == "image/png"
    PngScrubber().scrub(source, target, limits)
    assert MARKER_BYTES not in target.read_bytes()
    assert b"fdAT" not in target.read_bytes()


def test_an_image_with_huge_sides_is_refused_before_decoding(tmp_path: Path, limits: Limits) -> None:
    header = (60_000).to_bytes(4) * 2 + b"\x08\x02\0\0\0"
    (tmp_path / "bomb").write_bytes(SIGNATURE + chunk(b"IHDR", header) + PNG[33:])
    with pytest.raises(Unclean, match="too-many-pixels"):
        PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", limits)


@pytest.mark.slow("a third of a second of a processor")
def test_an_image_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(encode(Image.new("RGB", (4000, 4000)), "PNG"))
    with pytest.raises(Unclean, match="expands"):
        PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", Limits(pixels=100 * MB, expansion=100))


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


def test_the_frames_of_an_animated_png_are_named(tmp_path: Path, limits: Limits) -> None:
    animated = encode(photo(), "PNG", save_all=True, append_images=[photo(), photo()], duration=80)
    assert left_out(PngScrubber(), animated, tmp_path, limits) == ("frames",)
    assert left_out(PngScrubber(), encode(photo(), "PNG"), tmp_path, limits) == ()


@pytest.mark.parametrize("colours", [2, 200])
def test_a_palette_keeps_only_colours_that_a_pixel_has(colours: int, tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("P", (40, 30), colours - 1)
    picture.putpixel((3, 3), 0)
    own = bytes(range(1, 4)) + MARKER_BYTES * 3
    picture.putpalette((own * 60)[: 3 * colours])
    data = encode(picture, "PNG", bits=8)
    longer = b"".join(chunk(kind, one + MARKER_BYTES * 3 * (kind == b"PLTE")) for kind, one in chunks(data))
    clean = cleaned(SIGNATURE + longer, tmp_path, limits)
    assert len(dict(chunks(clean))[b"PLTE"]) == 3 * colours
    assert MARKER_BYTES not in clean
    assert pixels(clean) == pixels(data)


def test_one_transparent_colour_stays_transparent(tmp_path: Path, limits: Limits) -> None:
    data = encode(photo(), "PNG", transparency=photo().getpixel((3, 3)))
    assert pixels(cleaned(data, tmp_path, limits)) != pixels(encode(photo(), "PNG"))
    with Image.open(tmp_path / "out") as copy, Image.open(io.BytesIO(data)) as before:
        assert copy.getchannel("A").tobytes() == before.convert("RGBA").getchannel("A").tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_an_erased_part_of_an_image_can_not_be_seen_again(mode: str, tmp_path: Path, limits: Limits) -> None:
    picture = photo("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size).point(lambda value: 255 * (value > 99)))
    erased, clear = picture.convert(mode if mode != "P" else "L"), {}
    if mode == "P":
        erased.putpalette(bytes(range(256)) * 3)
        clear = {"transparency": bytes(100) + b"\xff" * 156}
    exif = Image.Exif()
    exif[274] = 6
    assert left_out(PngScrubber(), encode(erased, "PNG", exif=exif, **clear), tmp_path, limits) == ("hidden",)
    with Image.open(tmp_path / "target") as clean:
        assert clean.getexif()[274] == 6
        with Image.open(tmp_path / "source") as source:
            seen = source.convert("RGBA")
        assert clean.getchannel("A").tobytes() == seen.getchannel("A").tobytes()
        blank = Image.new("RGBA", seen.size)
        blank.paste(seen, mask=seen.getchannel("A").point([0] + [255] * 255))
        assert clean.convert("RGBA").tobytes() == blank.tobytes()


def test_one_colour_under_transparent_pixels_hides_nothing(tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("RGBA", (9, 9), (255, 255, 255, 0))
    picture.putpixel((3, 3), (7, 8, 9, 255))
    assert left_out(PngScrubber(), encode(picture, "PNG"), tmp_path, limits) == ()
