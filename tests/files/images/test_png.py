"""Odd, hostile and broken PNG, at the level of its chunks."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from satark_files.images import png
from satark_files.images.png import PngScrubber
from satark_files.limits import MB, Limits
from satark_files.scrubber import Cleaned, LeftOut, Scrubber, Unclean
from satark_files.sniff import sniff_file
from support.evidence.images import encode, photo
from support.evidence.markers import MARKER_BYTES


def chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + zlib.crc32(kind + payload).to_bytes(4)


PNG = encode(photo(), "PNG")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PNG[:40],
        PNG[:-12],
        PNG[:60] + b"\0" + PNG[61:],
        PNG[:33] + chunk(b"IDAT", b"no stream") + PNG[-12:],
        PNG[:33] + chunk(b"IDAT", zlib.compress(b"x" * 99)[:-5]) + PNG[-12:],
    ],
)
def test_a_broken_png_is_refused(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        png.strip_metadata(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16", "LA"])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("size", [(96, 64), (1, 1), (3, 5), (33, 9)])
def test_nothing_hides_after_the_last_row(mode: str, size: tuple[int, int], *, interlaced: bool) -> None:
    data = encode(
        photo().resize(size).convert("L").convert(mode) if mode == "I;16" else photo(mode).resize(size), "PNG"
    )
    if interlaced:
        data = interlace(data)
    plain = png.strip_metadata(data)
    packed = b"".join(payload for kind, payload in png._chunks(plain) if kind == b"IDAT")
    hidden = chunk(b"IDAT", zlib.compress(zlib.decompress(packed) + MARKER_BYTES))
    at = plain.index(b"IDAT") - 4
    clean = png.strip_metadata(plain[:at] + hidden + chunk(b"IEND", b""))
    inside = b"".join(payload for kind, payload in png._chunks(clean) if kind == b"IDAT")
    assert zlib.decompress(inside) == zlib.decompress(packed)


def interlace(data: bytes) -> bytes:
    """Return an interlaced image of the same header, with as many zeros as its seven passes have (section 8.1)."""
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    bits = depth * {2: 3, 4: 2, 6: 4}.get(colours, 1)
    grid = "1646264677777777565656567777777736463646777777775656565677777777"
    size = 0
    for number in "1234567":
        rows = [sum(grid[y % 8 * 8 + x % 8] == number for x in range(width)) for y in range(height)]
        size += sum(1 + -(-count * bits // 8) for count in rows if count)
    head = chunk(b"IHDR", data[16:28] + b"\1")
    return png.SIGNATURE + head + chunk(b"IDAT", zlib.compress(bytes(size))) + chunk(b"IEND", b"")


def test_a_chunk_is_kept_once_and_only_with_the_bytes_that_a_decoder_reads() -> None:
    twice = [
        chunk(b"PLTE", MARKER_BYTES * 3),
        chunk(b"PLTE", MARKER_BYTES * 6),
        chunk(b"tRNS", MARKER_BYTES),
        chunk(b"tRNS", MARKER_BYTES * 2),
    ]
    longer = chunk(b"IHDR", PNG[16:29] + MARKER_BYTES)
    clean = png.strip_metadata(png.SIGNATURE + longer + chunk(b"IHDR", PNG[16:29] + MARKER_BYTES) + PNG[33:])
    assert clean == png.strip_metadata(PNG)
    assert MARKER_BYTES not in png.strip_metadata(PNG[:33] + b"".join(twice) + PNG[33:])
    indexed = encode(photo("P"), "PNG")
    assert png.strip_metadata(indexed[:-12] + b"".join(twice) + indexed[-12:]).count(MARKER_BYTES) == 1, (
        "its transparent colours"
    )


def test_an_animated_png_keeps_its_still_image(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    data = encode(photo(), "PNG", save_all=True, append_images=[photo().rotate(90)])
    source.write_bytes(data[:-12] + chunk(b"tEXt", b"Author\0" + MARKER_BYTES) + data[-12:])
    assert b"acTL" in data
    assert sniff_file(source) == "image/png"
    png.PngScrubber().scrub(source, target, limits)
    assert MARKER_BYTES not in target.read_bytes()
    assert b"fdAT" not in target.read_bytes()


def test_an_image_with_huge_sides_is_refused_before_decoding(tmp_path: Path, limits: Limits) -> None:
    header = (60_000).to_bytes(4) * 2 + b"\x08\x02\0\0\0"
    (tmp_path / "bomb").write_bytes(png.SIGNATURE + chunk(b"IHDR", header) + PNG[33:])
    with pytest.raises(Unclean, match="too-many-pixels"):
        png.PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", limits)


@pytest.mark.slow("a third of a second of a processor")
def test_an_image_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(encode(Image.new("RGB", (4000, 4000)), "PNG"))
    with pytest.raises(Unclean, match="expands"):
        png.PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", Limits(pixels=100 * MB, expansion=100))


def test_a_copy_that_could_be_cleaned_further_is_refused(
    tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "strip_metadata", lambda data: data + MARKER_BYTES)
    (tmp_path / "in").write_bytes(PNG)
    with pytest.raises(Unclean, match="damaged"):
        png.PngScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)


def left_out(scrubber: Scrubber, data: bytes, folder: Path, limits: Limits) -> tuple[LeftOut, ...]:
    (folder / "source").write_bytes(data)
    made = scrubber.scrub(folder / "source", folder / "target", limits)
    return made.left_out if isinstance(made, Cleaned) else ()


def test_the_frames_of_an_animated_png_are_named(tmp_path: Path, limits: Limits) -> None:
    animated = encode(photo(), "PNG", save_all=True, append_images=[photo(), photo()], duration=80)
    assert left_out(PngScrubber(), animated, tmp_path, limits) == ("frames",)
    assert left_out(PngScrubber(), encode(photo(), "PNG"), tmp_path, limits) == ()


def used(data: bytes) -> dict[bytes, bytes]:
    return dict(png._chunks(data))


@pytest.mark.parametrize("colours", [2, 200])
def test_a_palette_keeps_only_colours_that_a_pixel_has(colours: int, tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("P", (40, 30), colours - 1)
    picture.putpixel((3, 3), 0)
    own = bytes(range(1, 4)) + MARKER_BYTES * 3
    picture.putpalette((own * 60)[: 3 * colours])
    data = encode(picture, "PNG", transparency=b"\xff" + (MARKER_BYTES * 60)[: colours - 1], bits=8)
    longer = b"".join(chunk(kind, one + MARKER_BYTES * 3 * (kind == b"PLTE")) for kind, one in png._chunks(data))
    (tmp_path / "in").write_bytes(png.SIGNATURE + longer + chunk(b"IEND", b""))
    PngScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    clean = used((tmp_path / "out").read_bytes())
    assert (len(clean[b"PLTE"]), len(clean[b"tRNS"])) == (3 * colours, colours)
    assert MARKER_BYTES not in clean[b"PLTE"] + clean[b"tRNS"]
    with Image.open(tmp_path / "in") as before, Image.open(tmp_path / "out") as after:
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_was_erased_from_an_image_can_not_be_seen_again(mode: str, tmp_path: Path, limits: Limits) -> None:
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


def test_one_colour_under_what_is_transparent_hides_nothing(tmp_path: Path, limits: Limits) -> None:
    picture = Image.new("RGBA", (9, 9), (255, 255, 255, 0))
    picture.putpixel((3, 3), (7, 8, 9, 255))
    assert left_out(PngScrubber(), encode(picture, "PNG"), tmp_path, limits) == ()
