"""Kinds of files that once had no copy for officers: each has one now."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.documents.pdf_rendering import render_first_page
from satark_files.limits import Limits
from satark_files.sniff import sniff_file
from support.evidence.documents import unpacked
from support.evidence.images import encode, photo
from support.evidence.markers import HINDI, MARKER_BYTES, SHOWN
from support.evidence.pipeline_driver import PipelineDriver, chunks
from support.evidence.recordings import ffmpeg

Make = Callable[[str], Path]
Maker = Callable[[Make, Path], bytes | Path]

SCRUBBERS = builtin_scrubbers()
FILM = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=0.6,format=yuv420p", "-f", "lavfi", "-i", "sine=d=0.6")
JPEG = encode(photo(size=(320, 240)), "JPEG")
SEVERAL = 5
"""Shades of a picture and frames of a recording that blank ones don't have."""


def specimen(name: str) -> Maker:
    return lambda make, _: make(name)


def photo_of(size: tuple[int, int], mode: str = "L") -> Maker:
    picture = Image.new(mode, size, "gray")
    picture.paste("white", (0, 0, size[0] // 2, size[1]))
    return lambda _, __: encode(picture, "JPEG")


def recorded(name: str, *options: str) -> Maker:
    def record(_: Make, folder: Path) -> Path:
        ffmpeg(*FILM, *options, folder / name)
        return folder / name

    return record


def branded(brand: bytes) -> Maker:
    return lambda make, _: make("mp4").read_bytes().replace(b"ftypisom", b"ftyp" + brand, 1)


def telephone(make: Make, folder: Path) -> bytes:
    ffmpeg(*FILM, "-c:v", "libx264", "-c:a", "pcm_alaw", "-ar", "8000", folder / "camera.mov")
    return (folder / "camera.mov").read_bytes().replace(b"qt  ", b"isom")


def adts_in_avi(_: Make, folder: Path) -> bytes:
    """Return a film with framed sound under the number of sound without frames, as recorders of CCTV write it."""
    film = [part.replace("d=0.6", "d=3") for part in FILM]  # of a shorter one, a frame of rounding counts as a loss
    ffmpeg(*film, "-c:v", "mpeg4", "-c:a", "aac", "-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0", folder / "a.ts")
    ffmpeg("-i", folder / "a.ts", "-c", "copy", "-tag:a", "0x1610", folder / "a.avi")
    data = bytearray((folder / "a.avi").read_bytes())
    format_ = data.index(b"\x10\x16\x01\0")
    data[format_ : format_ + 2], data[format_ + 16 : format_ + 18] = b"\xff\0", bytes(2)
    return bytes(data)


def fax(_: Make, __: Path) -> bytes:
    page = photo("1").resize((1728, 2200))
    pages = [page, *(Image.new("1", page.size, 1) for _ in range(11))]
    return encode(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")


def pages(count: int) -> bytes:
    written = FPDF()
    written.set_font("Helvetica")
    for _ in range(count):
        written.add_page()
        written.cell(text=SHOWN)
    return bytes(written.output())


def rezipped(make: Make, _: Path) -> bytes:
    """Return an ODT that a program packed anew, so that its type is not at the begin."""
    out = io.BytesIO()
    with zipfile.ZipFile(make("odt")) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in reversed(old.namelist()):
            new.writestr(name, old.read(name))
    return out.getvalue()


def broken_part(make: Make, _: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(make("docx")) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<broken" if name.endswith("styles.xml") else old.read(name))
    return out.getvalue()


def unfinished(make: Make, folder: Path) -> bytes:
    """Return a long recording of a recorder that lost its power: its sizes were never written."""
    data = large_wave(make, folder).read_bytes()
    sizes = data.index(b"ds64") + 8
    return data[:sizes] + bytes(28) + data[sizes + 28 :]


def large_wave(_: Make, folder: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.6", "-rf64", "always", folder / "large.wav")
    return folder / "large.wav"


KINDS: Mapping[str, tuple[Maker, str]] = {
    "a JPEG that lacks its end": (lambda _, __: JPEG[:-2], "image/jpeg"),
    "a JPEG cut in half": (lambda _, __: JPEG[: len(JPEG) // 2], "image/jpeg"),
    "arithmetic coding": (lambda _, __: Path(__file__).parent / "images/arithmetic-progressive.jpg", "image/jpeg"),
    "a side below 8 pixels": (photo_of((300, 5), "RGB"), "image/jpeg"),
    "a photo of 200 megapixels": (photo_of((16384, 12288)), "image/jpeg"),
    "a fax of twelve pages": (fax, "image/tiff"),
    "MP4 with G.711": (telephone, "video/quicktime"),
    "MP4 with AC-3": (recorded("surround.mp4", "-c:v", "libx264", "-c:a", "ac3"), "video/mp4"),
    "AVI with AAC": (recorded("a.avi", "-c:v", "mpeg4", "-c:a", "aac"), "video/x-msvideo"),
    "AVI with ADTS": (adts_in_avi, "video/x-msvideo"),
    "FLV whose sound comes first": (
        recorded("a.flv", "-filter:v", "setpts=PTS+0.3/TB", "-c:v", "libx264", "-c:a", "aac"),
        "video/x-flv",
    ),
    **{
        f"MP4 of the brand {brand}": (branded(brand.encode()), "video/mp4")
        for brand in ("kddi", "pana", "nvr1", "cmfc", "piff", "hvc1", "av01")
    },
    "raw H.264": (specimen("264"), "video/mp4"),
    "raw H.265": (specimen("265"), "video/mp4"),
    "Dahua": (specimen("dav"), "video/quicktime"),
    "Hikvision": (specimen("imkh"), "video/quicktime"),
    "RF64": (large_wave, "audio/wav"),
    "RF64 without its sizes": (unfinished, "audio/wav"),
    "CAF": (specimen("caf"), "audio/flac"),
    "a PDF with junk in front": (lambda _, __: b"HTTP/1.1 200 OK\r\n\r\n" + pages(2), "application/pdf"),
    "a PDF of 520 pages": (lambda _, __: pages(520), "application/pdf"),
    "a text in UTF-16": (lambda _, __: f"{HINDI} {SHOWN}".encode("utf-16"), "text/plain"),
    "a text in Windows' Latin": (lambda _, __: f"{SHOWN} “quoted”".encode("cp1252"), "text/plain"),
    "a GIF with a long pause": (
        lambda _, __: encode(photo(), "GIF", save_all=True, append_images=[photo().rotate(90)], duration=90_000),
        "image/gif",
    ),
    "an office file with a broken part": (broken_part, "application/vnd.openxmlformats"),
    "a chat's export": (specimen("zip"), "application/zip"),
    "HTML": (specimen("html"), "text/plain"),
    "a mail with a photo": (specimen("eml"), "application/zip"),
    "an ODT that was packed anew": (rezipped, "application/vnd.oasis.opendocument.text"),
    "an MP4 without its index": (
        lambda make, folder: _without_index(
            recorded("film.mp4", "-c:v", "libx264", "-bsf:v", "dump_extra")(make, folder)
        ),
        "video/mp4",
    ),
}
"""Kind → what makes one, and the type of what officers see. 3GP with several frames a sample, HEIC and AVIF that were
cut off, trimmed films: in the tests of their own modules."""


def _without_index(film: bytes | Path) -> bytes:
    data = film.read_bytes() if isinstance(film, Path) else film
    return data[: data.index(b"moov") - 4]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_shows_an_officer_something(kind: str, make: Make, tmp_path: Path) -> None:
    maker, shown = KINDS[kind]
    made = maker(make, tmp_path)
    source = tmp_path / "source"
    source.write_bytes(made.read_bytes() if isinstance(made, Path) else made)
    scrubber = next(one for one in SCRUBBERS if sniff_file(source) in one.mimes)
    mime = scrubber.scrub(source, tmp_path / "copy", Limits())
    assert mime.startswith(shown)
    assert MARKER_BYTES not in (tmp_path / "copy").read_bytes()
    assert something_is_seen(mime, tmp_path / "copy")


def something_is_seen(mime: str, copy: Path) -> bool:
    """Whether a picture or page has more than one colour, a recording moves, and a document has its text."""
    if mime == "application/pdf":
        return _has_contrast(render_first_page(copy, 400))
    if mime.startswith("image/"):
        with Image.open(copy) as picture:
            picture.draft("L", (400, 400))
            return _has_contrast(picture)
    if mime.startswith(("audio/", "video/")):
        frames = ffmpeg("-i", copy, "-map", "0", "-f", "framemd5", "-").splitlines()
        return len({line.rpartition(b",")[2] for line in frames if not line.startswith(b"#")}) > SEVERAL
    return SHOWN.encode() in unpacked(copy.read_bytes())


def _has_contrast(picture: Image.Image) -> bool:
    low, high = picture.convert("L").getextrema()
    return int(high) - int(low) > SEVERAL  # type: ignore[arg-type]


SANDBOXED = {
    "a JPEG cut in half": 70,
    "an MP4 without its index": 99,
    "MP4 with G.711": 100,
    "AVI with ADTS": 100,
    "RF64 without its sizes": 100,
}
"""Kind → the most percent of it that can be read."""


@pytest.mark.parametrize("kind", SANDBOXED)
async def test_the_readers_work_in_the_sandbox_and_missing_ones_are_recorded(
    kind: str, make: Make, driver: PipelineDriver, tmp_path: Path
) -> None:
    maker, shown = KINDS[kind]
    made = maker(make, tmp_path)
    file = await driver.process(chunks(made.read_bytes() if isinstance(made, Path) else made))
    assert file.problem is None
    assert file.clean_mime.startswith(shown)
    assert 0 < file.readable <= SANDBOXED[kind]
    assert (file.readable == 100) == (SANDBOXED[kind] == 100)
