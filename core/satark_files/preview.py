"""Makes previews of clean copies (a thumbnail, a video frame, a waveform, or the first page), and says how they look.

The looks of a picture are 64 bits: whether each spot is darker than the one to its right (a difference hash). The bits
of a copy that was scaled, saved again or forwarded differ in a few places, and those of another picture in about half.
"""

from itertools import pairwise
from pathlib import Path
from typing import Final

from PIL import Image

from satark_files.documents import pdf_rendering
from satark_files.images.decode import LONGEST, is_reduced_left, open_reduced
from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import container_of
from satark_files.scrubber import LOOKS_JOB, PREVIEW_JOB, Unclean
from satark_files.sniff import sniff_file

_JPEG, _PNG = "image/jpeg", "image/png"
_WAVEFORM = f"aformat=channel_layouts=mono,showwavespic=s={LONGEST}x96:colors=0x335577"
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
_QUALITY = 80


class Previewer:
    """Makes a preview of a clean copy."""

    mimes = frozenset({PREVIEW_JOB})

    def __init__(self) -> None:
        self.ffmpeg = ffmpeg.find_program()

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the preview and return its MIME type; see `Scrubber`.

        Raises:
            Unclean: files of this type have no preview (`unsupported`), or the copy does not open.
        """
        mime = sniff_file(source)
        if mime.startswith("image/") or is_reduced_left(source):
            with open_reduced(source, limits, _FORMATS) as picture:
                return _save(picture, target)
        if mime == "application/pdf":
            return _save(pdf_rendering.render_first_page(source, LONGEST), target)
        if mime.startswith("audio/"):
            self._draw(source, mime, target, "-filter_complex", _WAVEFORM, "-frames:v", "1", "-c:v", "png")
            return _PNG
        if mime.startswith("video/"):
            scaled = f"scale='min({LONGEST},iw)':'min({LONGEST},ih)':force_original_aspect_ratio=decrease"
            self._draw(source, mime, target, "-map", "0:V:0", "-frames:v", "1", "-vf", scaled, "-c:v", "mjpeg")
            return _JPEG
        raise Unclean("unsupported")

    def _draw(self, source: Path, mime: str, target: Path, *options: str) -> None:
        bare = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")
        written = ("-update", "1", "-f", "image2", f"file:{target}")
        ffmpeg.run(self.ffmpeg, "error", *container_of(mime).read(source), *options, *bare, *written)
        if not target.exists():
            raise Unclean("damaged")


def _save(picture: Image.Image, target: Path) -> str:
    small = picture.copy() if picture.mode == "RGB" else picture.convert("RGBA").convert("RGB")
    small.thumbnail((LONGEST, LONGEST))
    small.info.clear()
    small.save(target, "JPEG", quality=_QUALITY)
    return _JPEG


_SIDE: Final = 8


class LooksReader:
    """Computes the looks of a picture's clean copy."""

    mimes = frozenset({LOOKS_JOB})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the bits to `target` in hex; see `Scrubber`.

        Raises:
            Unclean: the copy does not open.
        """
        with open_reduced(source, limits, _FORMATS) as picture:
            target.write_text(looks_of(picture), "ascii")
        return "text/plain"


def looks_of(picture: Image.Image) -> str:
    """Return the 64 bits of a picture as 16 hex digits."""
    small = picture.convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.BOX)
    rows = (small.crop((0, y, _SIDE + 1, y + 1)).tobytes() for y in range(_SIDE))
    bits = "".join("1" if left < right else "0" for row in rows for left, right in pairwise(row))
    return f"{int(bits, 2):016x}"
