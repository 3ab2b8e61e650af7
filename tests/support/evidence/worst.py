"""Measures the processor time of the worst files of five megabytes: `python -m support.evidence.worst [NAME…]`.

Each file is made to cost as much processor time as its format allows. One process cleans the file and does the jobs
that follow. The time includes programs that the process starts.
"""

from __future__ import annotations

import contextlib
import io
import os
import random
import resource
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import pikepdf
from PIL import Image

from satark_files import scrubber
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import MB, Limits
from satark_files.scrubber import Scrubber, Unclean
from satark_files.sniff import sniff_file
from support.evidence.corpus.hidden import shape
from support.evidence.corpus.office import X, office, relations, slides, word
from support.evidence.recordings import ffmpeg

SIZE: Final = 5 * MB
_JOBS: Final = {
    "image/": (scrubber.PREVIEW_JOB, scrubber.LOOKS_JOB, scrubber.ORIGIN_JOB),
    "video/": (scrubber.MUTE_JOB, scrubber.PREVIEW_JOB, scrubber.ORIGIN_JOB),
    "audio/": (scrubber.DISGUISE_JOB, scrubber.PREVIEW_JOB),
    "application/pdf": (scrubber.PREVIEW_JOB,),
}


def _pdf(content: bytes, pages: int) -> bytes:
    """Return a PDF whose pages have one content, compressed."""
    out = io.BytesIO()
    name = pikepdf.Name
    with pikepdf.new() as pdf:
        stream = pdf.make_stream(content)
        font = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Contents = stream
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        pdf.save(out, compress_streams=True)
    return out.getvalue()


def _shapes(count: int) -> bytes:
    return slides("".join(shape((n, n, 99, 99), f"{n}") for n in range(count)))


def _sound(name: str, made: str, *options: str) -> bytes:
    return _film(name, "-f", "lavfi", "-i", made, *options)


def _pdf_text(pages: int, lines: int) -> bytes:
    text = b"".join(
        b"BT /F 4 Tf 20 %d Td (%s) Tj ET\n" % (840 - n * 830 // lines, b"seven sacks " * 15) for n in range(lines)
    )
    return _pdf(text, pages)


def _pdf_lines() -> bytes:
    rng = random.Random(1)
    ends = ((rng.randrange(600), rng.randrange(840), rng.randrange(600), rng.randrange(840)) for _ in range(500_000))
    return _pdf(b"".join(b"%d %d m %d %d l S\n" % one for one in ends), 1)


def _pdf_picture(pages: int) -> bytes:
    """Return a PDF of which each page shows the same picture of 90 megapixels."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        picture = pdf.make_stream(
            zlib.compress(bytes(9500 * 9500 // 8 + 9500)), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image,
            Width=9500, Height=9500, ColorSpace=pikepdf.Name.DeviceGray, BitsPerComponent=1,
            Filter=pikepdf.Name.FlateDecode,
        )  # fmt: skip
        for _ in range(pages):
            page = pdf.add_blank_page(page_size=(595, 842))
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))
            page.Contents = pdf.make_stream(b"500 0 0 500 20 20 cm /P Do")
        pdf.save(out)
    return out.getvalue()


def _padded(data: Callable[[int], bytes]) -> bytes:
    """Return the longest content up to the size: double the number passed to `data` until it no longer fits."""
    number, made = 1, data(1)
    while len(more := data(number * 2)) <= SIZE and number < 1 << 22:
        number, made = number * 2, more
    return made


def _runs(count: int) -> bytes:
    rng = random.Random(2)
    run = "<w:r><w:rPr><w:rStyle w:val='a%d'/><w:color w:val='00%04X'/></w:rPr><w:t>%x</w:t></w:r>"
    return word("<w:p>" + "".join(run % (n % 99, n % 65_536, rng.getrandbits(24)) for n in range(count)) + "</w:p>")


def _parts(count: int) -> bytes:
    """Return a Word file with so many headers."""
    rels = relations(*(("header", f"h{n}.xml") for n in range(count)))
    head = f"<w:hdr xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'>{'<w:p/>' * 100}</w:hdr>"
    return word("", rels, {f"word/h{n}.xml": head for n in range(count)})


def _table_cells(count: int) -> bytes:
    rng = random.Random(3)
    rows = "".join(
        f"<row r='{row}'>"
        + "".join(f"<c r='{column}{row}' s='1'><f>A1+{row}</f><v>{rng.random():.6f}</v></c>" for column in "ABCDEFGH")
        + "</row>"
        for row in range(1, count)
    )
    return office("xl", {
        "xl/workbook.xml": f"<workbook {X}><sheets><sheet name='S' sheetId='1' r:id='rId1'/></sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(("worksheet", "sheet1.xml")),
        "xl/sheet1.xml": f"<worksheet {X}><sheetData>{rows}</sheetData></worksheet>",
    })  # fmt: skip


def _zip(members: Iterator[bytes] | list[bytes], ending: str = "txt") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for number, data in enumerate(members):
            file.writestr(f"{number}.{ending}", data)
    return out.getvalue()


def _noise(count: int) -> bytes:
    return random.Random(4).randbytes(count)


def _png(chunks: bytes, size: tuple[int, int] = (8, 8), rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    width, height = size
    pixels = zlib.compress(rows or bytes((3 * width + 1) * height), 9)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunks + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _small_chunks() -> bytes:
    one = struct.pack(">I", 0) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt"))
    return _png(one * (SIZE // len(one) - 20))


def _image(kind: str, size: tuple[int, int], **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **options)
    return out.getvalue()


def _noisy(kind: str, pixels: int, **options: object) -> bytes:
    out = io.BytesIO()
    side = int(pixels**0.5)
    Image.frombytes("RGB", (side, side), _noise(3 * side * side)).save(out, kind, **options)
    return out.getvalue()


def _scans(side: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan to the size."""
    data = _image("JPEG", (side, side), progressive=True)
    last, end = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    scan = data[last:end]
    return data[:end] + scan * ((SIZE - len(data)) // len(scan)) + data[end:]


def _frames(kind: str, side: int, count: int) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (side, side), (n % 256, 9 * n % 256, 0)) for n in range(count)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def _film(name: str, *options: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        ffmpeg(*options, str(path))
        return path.read_bytes()[:SIZE]


def _still(size: str, seconds: int) -> bytes:
    """Return a film of a still picture: each of its frames takes some bytes, and as long to decode as any other."""
    return _film("a.mp4", "-f", "lavfi", "-i", f"color=s={size}:r=60:d={seconds}", "-c:v", "libx264", "-preset",
                 "ultrafast", "-g", "999999", "-pix_fmt", "yuv420p")  # fmt: skip


def _trimmed() -> bytes:
    """Return a still film of which an edit list hides the beginning, so that it is encoded anew."""
    film = bytearray(_still("1920x1080", 240))
    at = film.find(b"elst")
    film[at + 16 : at + 20] = (3000).to_bytes(4)
    return bytes(film)


def _boxes() -> bytes:
    film = _still("64x64", 2)
    at = film.find(b"moov") - 4
    size = int.from_bytes(film[at : at + 4])
    boxes = struct.pack(">I4s", 8, b"free") * ((SIZE - len(film)) // 8)
    return film[:at] + struct.pack(">I", size + len(boxes)) + film[at + 4 : at + size] + boxes + film[at + size :]


WORST: Final[Mapping[str, Callable[[], bytes]]] = {
    "pdf, 500 pages of text": lambda: _pdf_text(500, 60),
    "pdf, 500 pages of small print": lambda: _pdf_text(500, 400),
    "pdf, half a million lines": _pdf_lines,
    "pdf, a content of 200 MB": lambda: _pdf(b"1 0 0 1 0 0 cm\n" * 13_000_000, 1),
    "pdf, 500 times a picture of 90 megapixels": lambda: _pdf_picture(500),
    "docx, many runs": lambda: _padded(_runs),
    "docx, 4,000 parts": lambda: _parts(4000),
    "docx, 300 MB of one element": lambda: word("<w:p/>" * 50_000_000),
    "docx, 30 MB of paragraphs": lambda: word("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 1_000_000),
    "xlsx, many cells": lambda: _padded(_table_cells),
    "pptx, many shapes": lambda: _padded(_shapes),
    "zip, 4,900 texts": lambda: _zip([b"seven sacks of rice " * 50] * 4900),
    "zip, 300 office files": lambda: _zip([word("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 20_000)] * 300, "docx"),
    "zip, 1,000 photos": lambda: _zip([_image("JPEG", (2000, 1500))] * 100, "jpg"),
    "zip, 500 recordings of a second": lambda: _zip([_still("64x64", 1)] * 500, "mp4"),
    "mail, long headers": lambda: b"From: a\r\n" + b"X-A: " + b"b\r\n " * (SIZE // 4),
    "mail, many headers": lambda: b"From: a\r\n" + b"".join(b"X-%d: =?utf-8?q?a?=\r\n" % n for n in range(200_000)),
    "mail, subject in pieces": lambda: b"From: a\r\nSubject: " + b"=?utf-8?q?a?= " * 1100 + b"\r\n\r\na",
    "mail, parts": lambda: b"From: a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\n\na\n" * 90_000,
    "mail, a table of HTML": lambda: b"From: a\r\nContent-Type: text/html\r\n\r\n" + b"<table><tr><td>a<div>" * 200_000,
    "html, tags": lambda: b"<html><body>" + b"<b>a</b><i x=1>" * 300_000,
    "html, deep": lambda: b"<html><body>" + b"<div>" * (SIZE // 5),
    "text, one line": ("seven sacks of rice " * (SIZE // 20)).encode,
    "text, short lines": lambda: b"seven sacks\n\n" * (SIZE // 13),
    "text, a chat": lambda: b"20/11/26, 9:14 pm - A: seven sacks\n" * (SIZE // 35),
    "text, Hindi": ("सात बोरे " * (SIZE // 25)).encode,
    "cards": lambda: b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nTEL:1\r\nEND:VCARD\r\n" * (SIZE // 55),
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<g>" * 1_000_000,
    "png, 400,000 chunks": _small_chunks,
    "png, 99 megapixels": lambda: _png(b"", (9900, 9999)),
    "png, noise": lambda: _noisy("PNG", SIZE // 3 - 9000),
    "jpeg, 99 megapixels": lambda: _image("JPEG", (9900, 9999)),
    "jpeg, 249 megapixels": lambda: _image("JPEG", (15_700, 15_800), quality=5),
    "jpeg, noise": lambda: _noisy("JPEG", 7_000_000, quality=50)[:SIZE],
    "jpeg, 99 megapixels, progressive": lambda: _image("JPEG", (9900, 9999), progressive=True),
    "jpeg, a million scans": lambda: _scans(1000),
    "jpeg, scans of 99 megapixels": lambda: _scans(9900),
    "gif, frames": lambda: _frames("GIF", 300, 1000),
    "webp, 99 megapixels, lossless": lambda: _image("WEBP", (9900, 9999), lossless=True),
    "webp, noise": lambda: _noisy("WEBP", 1_600_000, lossless=True),
    "tiff, 99 megapixels": lambda: _image("TIFF", (9900, 9999), compression="tiff_lzw"),
    "tiff, pages": lambda: _frames("TIFF", 300, 18),
    "bmp": lambda: _noisy("BMP", SIZE // 3 - 9000),
    "avif, noise": lambda: _noisy("AVIF", 1_000_000, quality=80),
    "avif, 99 megapixels": lambda: _image("AVIF", (9900, 9999)),
    "mp4, 600,000 boxes": _boxes,
    "mp4, still, ten minutes": lambda: _still("1920x1080", 240),
    "mp4, still and trimmed": _trimmed,
    "ogg, six hours of silence": lambda: _sound(
        "a.ogg", "anullsrc=r=8000:cl=mono:d=21000", "-c:a", "libopus", "-b:a", "6k"
    ),
    "ogg, half an hour": lambda: _sound("a.ogg", "anoisesrc=d=1700:a=0.1", "-c:a", "libopus", "-b:a", "24k"),
    "amr, two hours": lambda: _sound("a.amr", "anoisesrc=d=7000:r=8000:a=0.1", "-ar", "8000", "-b:a", "4.75k"),
    "mp3, an hour": lambda: _sound("a.mp3", "anoisesrc=d=4900:a=0.1", "-ar", "8000", "-b:a", "8k"),
    "flac, six hours of silence": lambda: _sound("a.flac", "anullsrc=r=8000:cl=mono:d=21000"),
    "wav": lambda: _sound("a.wav", "anoisesrc=d=300:r=8000:a=0.1", "-c:a", "pcm_s16le"),
}  # fmt: skip
"""The content of the file → the function that makes the file."""


def cost(data: bytes, scrubbers: Mapping[str, Scrubber]) -> tuple[float, str]:
    """Return the processor time that a file costs, and the type of its copy or why it has none."""
    limits = Limits()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "original"
        source.write_bytes(data)
        is_recording = hasattr(scrubbers.get(sniff_file(source)), "ffmpeg")
        seconds = limits.cpu_seconds if is_recording else limits.cpu_for(len(data))
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes,) * 2)
                resource.setrlimit(resource.RLIMIT_CPU, (seconds,) * 2)
                os.write(tell, _clean(source, scrubbers, limits).encode())
            finally:
                os._exit(0)
        os.close(tell)
        _, _, used = os.wait4(child, 0)
        with os.fdopen(told, "rb") as answer:
            return used.ru_utime + used.ru_stime, answer.read().decode() or "ended at its limit"


def _clean(source: Path, scrubbers: Mapping[str, Scrubber], limits: Limits) -> str:
    target, mime = source.with_name("clean"), sniff_file(source)
    if mime not in scrubbers:
        return f"{mime}: sealed"
    try:
        made = scrubbers[mime].scrub(source, target, limits)
    except Unclean as unclean:
        return f"{mime}: {unclean.reason}"
    except Exception as error:  # noqa: BLE001 - told, as the sandbox does
        return f"{mime}: {type(error).__name__}"
    for job in next((jobs for start, jobs in _JOBS.items() if made.startswith(start)), ()):
        with contextlib.suppress(Unclean):
            scrubbers[job].scrub(source if job == scrubber.ORIGIN_JOB else target, source.with_name("made"), limits)
    return made


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Measure what the worst files of five megabytes cost; NAMES are beginnings of their names."""
    scrubbers = {mime: one for one in reversed(builtin_scrubbers()) for mime in one.mimes}
    for name, make in WORST.items():
        if not names or name.startswith(names):
            data = make()
            used, made = cost(data, scrubbers)
            click.echo(f"{name:45}{len(data) / MB:6.1f} MB{used:7.1f} s  {made}")


if __name__ == "__main__":
    main()
