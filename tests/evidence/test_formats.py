"""Odd, hostile and broken pictures, at the level of their segments and chunks."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from satark.evidence.images import jpeg, orientation, png, webp
from satark.evidence.images.reencode import GifScrubber, HeifScrubber, TiffScrubber
from satark.evidence.sniff import sniff_file
from satark.limits import MB, Limits
from satark.scrubber import Scrubber, Unclean
from satark.testing.evidence.specimens import MARKER, photo


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(kind: bytes, payload: bytes) -> bytes:
    return len(payload).to_bytes(4) + kind + payload + zlib.crc32(kind + payload).to_bytes(4)


JPEG, PNG, WEBP = saved(photo(), "JPEG"), saved(photo(), "PNG"), saved(photo(), "WEBP")


def test_fill_bytes_before_a_marker_are_read_over() -> None:
    assert jpeg.strip_metadata(JPEG[:2] + b"\xff\xff\xff" + JPEG[2:]) == jpeg.strip_metadata(JPEG)


def test_restart_markers_belong_to_the_picture() -> None:
    data = saved(photo(), "JPEG", restart_marker_blocks=1)
    assert b"\xff\xd0" in data
    assert b"\xff\xd0" in jpeg.strip_metadata(data)


def test_a_second_picture_after_the_first_is_left_behind() -> None:
    assert jpeg.strip_metadata(JPEG + JPEG) == jpeg.strip_metadata(JPEG)


def test_adobe_flags_carry_nothing() -> None:
    data = saved(photo("CMYK"), "JPEG")
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
def test_a_broken_jpeg_is_no_jpeg(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        jpeg.strip_metadata(data)


def test_what_only_a_decoder_reads_is_drawn_anew(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(JPEG[:-2] + b"\xff\xfe\0\x40" + MARKER)  # a comment that claims more than there is
    with pytest.raises(Unclean):
        jpeg.strip_metadata(source.read_bytes())
    assert jpeg.JpegScrubber().scrub(source, target, limits) == "image/jpeg"
    assert MARKER not in target.read_bytes()


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
def test_a_broken_png_is_no_png(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        png.strip_metadata(data)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16", "LA"])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("size", [(96, 64), (1, 1), (3, 5), (33, 9)])
def test_nothing_hides_after_the_last_row(mode: str, size: tuple[int, int], *, interlaced: bool) -> None:
    data = saved(photo().resize(size).convert("L").convert(mode) if mode == "I;16" else photo(mode).resize(size), "PNG")
    if interlaced:
        data = interlace(data)
    plain = png.strip_metadata(data)
    packed = b"".join(payload for kind, payload in png._chunks(plain) if kind == b"IDAT")
    hidden = chunk(b"IDAT", zlib.compress(zlib.decompress(packed) + MARKER))
    at = plain.index(b"IDAT") - 4
    clean = png.strip_metadata(plain[:at] + hidden + chunk(b"IEND", b""))
    inside = b"".join(payload for kind, payload in png._chunks(clean) if kind == b"IDAT")
    assert zlib.decompress(inside) == zlib.decompress(packed)


def interlace(data: bytes) -> bytes:
    """The same head, for a picture of as many zeros as the seven passes of an interlaced one have (section 8.1)."""
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    bits = depth * {2: 3, 4: 2, 6: 4}.get(colours, 1)
    grid = "1646264677777777565656567777777736463646777777775656565677777777"
    size = 0
    for number in "1234567":
        rows = [sum(grid[y % 8 * 8 + x % 8] == number for x in range(width)) for y in range(height)]
        size += sum(1 + -(-count * bits // 8) for count in rows if count)
    head = chunk(b"IHDR", data[16:28] + b"\1")
    return png.SIGNATURE + head + chunk(b"IDAT", zlib.compress(bytes(size))) + chunk(b"IEND", b"")


def test_every_chunk_passes_once_and_no_longer_than_it_is_read() -> None:
    twice = [chunk(b"PLTE", MARKER * 3), chunk(b"PLTE", MARKER * 6), chunk(b"tRNS", MARKER), chunk(b"tRNS", MARKER * 2)]
    longer = chunk(b"IHDR", PNG[16:29] + MARKER)
    clean = png.strip_metadata(png.SIGNATURE + longer + chunk(b"IHDR", PNG[16:29] + MARKER) + PNG[33:])
    assert clean == png.strip_metadata(PNG)
    assert MARKER not in png.strip_metadata(PNG[:33] + b"".join(twice) + PNG[33:])
    indexed = saved(photo("P"), "PNG")
    assert png.strip_metadata(indexed[:-12] + b"".join(twice) + indexed[-12:]).count(MARKER) == 1, (
        "its see-through colours"
    )


def test_a_png_that_moves_keeps_its_first_picture(tmp_path: Path, limits: Limits) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    data = saved(photo(), "PNG", save_all=True, append_images=[photo().rotate(90)])
    source.write_bytes(data[:-12] + chunk(b"tEXt", b"Author\0" + MARKER) + data[-12:])
    assert b"acTL" in data
    assert sniff_file(source) == "image/png"
    png.PngScrubber().scrub(source, target, limits)
    assert MARKER not in target.read_bytes()
    assert b"fdAT" not in target.read_bytes()


@pytest.mark.parametrize("kind", [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"])
def test_a_webp_has_one_picture(kind: bytes, make: Callable[[str], Path]) -> None:
    for name in ("webp", "webp-lossless"):
        data = make(name).read_bytes()
        size = int.from_bytes(data[4:8], "little")
        body = data[8 : 8 + size] + kind + (14).to_bytes(4, "little") + MARKER * 2
        assert MARKER not in webp.strip_metadata(b"RIFF" + len(body).to_bytes(4, "little") + body)


@pytest.mark.parametrize("data", [b"", WEBP[:20], WEBP[:-1], b"RIFX" + WEBP[4:], WEBP[:16] + b"\xff" + WEBP[17:]])
def test_a_broken_webp_is_no_webp(data: bytes) -> None:
    with pytest.raises(Unclean, match="damaged"):
        webp.strip_metadata(data)


def test_nothing_hides_between_the_pictures_of_an_animation() -> None:
    data = saved(photo(), "WEBP", save_all=True, append_images=[photo().rotate(90)])
    at = data.index(b"ANMF")
    length = int.from_bytes(data[at + 4 : at + 8], "little")
    extra = b"zqTR" + len(MARKER).to_bytes(4, "little") + MARKER + b"\0"
    body = data[8 : at + 4] + (length + len(extra)).to_bytes(4, "little") + data[at + 8 : at + 8 + length] + extra
    hidden = b"RIFF" + (len(body) + len(data) - at - 8 - length).to_bytes(4, "little") + body + data[at + 8 + length :]
    assert MARKER in hidden
    assert webp.strip_metadata(hidden) == webp.strip_metadata(data)


@pytest.mark.parametrize("turned", range(1, 9))
def test_an_orientation_comes_back(turned: int) -> None:
    assert orientation.read_orientation(orientation.orientation_exif(turned)) == turned


@pytest.mark.parametrize(
    "block", [b"", b"MM\0*", b"nonsense", orientation.orientation_exif(9), orientation.orientation_exif(0)]
)
def test_no_orientation_is_upright(block: bytes) -> None:
    assert orientation.read_orientation(block) == orientation.UPRIGHT


def test_a_picture_with_huge_sides_is_refused_unopened(tmp_path: Path, limits: Limits) -> None:
    header = (60_000).to_bytes(4) * 2 + b"\x08\x02\0\0\0"
    (tmp_path / "bomb").write_bytes(png.SIGNATURE + chunk(b"IHDR", header) + PNG[33:])
    with pytest.raises(Unclean, match="too-many-pixels"):
        png.PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", limits)


def test_a_picture_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(saved(Image.new("RGB", (4000, 4000)), "PNG"))
    with pytest.raises(Unclean, match="expands"):
        png.PngScrubber().scrub(tmp_path / "bomb", tmp_path / "out", Limits(pixels=100 * MB, expansion=100))


def test_an_animation_of_too_many_pictures_is_refused(tmp_path: Path, make: Callable[[str], Path]) -> None:
    with pytest.raises(Unclean, match="too-many-pixels"):
        GifScrubber().scrub(make("gif"), tmp_path / "out", Limits(pixels=96 * 64 + 1))


def test_a_pause_without_end_is_refused(tmp_path: Path, limits: Limits) -> None:
    data = saved(photo(), "GIF", save_all=True, append_images=[photo().rotate(9)], duration=655_350)
    (tmp_path / "in").write_bytes(data)
    with pytest.raises(Unclean, match="damaged"):
        GifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)


def test_a_see_through_gif_stays_see_through(tmp_path: Path, limits: Limits) -> None:
    layer = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    layer.paste((255, 0, 0, 255), (5, 5, 15, 15))
    (tmp_path / "in").write_bytes(saved(layer, "GIF"))
    GifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert after.convert("RGBA").getchannel("A").getpixel((0, 0)) == 0
        assert after.convert("RGBA").getpixel((10, 10)) == (255, 0, 0, 255)


def test_a_palette_page_keeps_its_colours(tmp_path: Path, limits: Limits) -> None:
    page = photo("P")
    (tmp_path / "in").write_bytes(saved(page, "TIFF"))
    TiffScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert after.convert("RGB").tobytes() == page.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("room", "cleaner", "data"),
    [(jpeg, jpeg.JpegScrubber(), JPEG), (png, png.PngScrubber(), PNG), (webp, webp.WebpScrubber(), WEBP)],
)
def test_a_copy_that_could_be_cleaned_further_is_not_vouched_for(
    *, room: ModuleType, cleaner: Scrubber, data: bytes, tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "without_traces", lambda data: data + MARKER)
    (tmp_path / "in").write_bytes(data)
    with pytest.raises(Unclean, match="damaged"):
        cleaner.scrub(tmp_path / "in", tmp_path / "out", limits)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L"])
def test_a_see_through_picture_is_drawn_on_white(mode: str, tmp_path: Path, limits: Limits) -> None:
    layer = Image.new(mode, (64, 64), (9, 9, 9, 0) if mode == "RGBA" else "white")
    (tmp_path / "in").write_bytes(saved(layer, "AVIF"))
    HeifScrubber().scrub(tmp_path / "in", tmp_path / "out", limits)
    with Image.open(tmp_path / "out") as after:
        assert min(after.convert("L").tobytes()) > 250
