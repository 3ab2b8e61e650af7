"""Previews for the desk, made from clean copies: a small picture, a film's poster, a recording's wave, a first page."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import imageio_ffmpeg
from PIL import ImageOps

from satark.evidence.documents import pdf_rendering
from satark.evidence.images.decode import open_image
from satark.evidence.recordings.remux import SAFELY, demuxer
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from PIL import Image

    from satark.limits import Limits

PREVIEW_JOB: Final = "preview"
"""What the sandbox is asked for: the name of a job, in the place of a type of file."""
LONGEST: Final = 480
"""Pixels of a preview's longer side."""
_JPEG, _PNG = "image/jpeg", "image/png"
_WAVE = f"aformat=channel_layouts=mono,showwavespic=s={LONGEST}x96:colors=0x335577"
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF")
_QUALITY = 80


class Previewer:
    """Makes previews; a clean copy is what it is given."""

    mimes = frozenset({PREVIEW_JOB})

    def __init__(self, ffmpeg: str = "") -> None:
        self.ffmpeg = str(Path(ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()).resolve())

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the preview; see `Scrubber`. Its own type comes back.

        Raises:
            Unclean: there is nothing to show of this type (`no-cleaner`), or the copy does not open.
        """
        mime = sniff_file(source)
        if mime.startswith("image/"):
            with open_image(source, limits, _FORMATS) as picture:
                picture.draft("RGB", (2 * LONGEST, 2 * LONGEST))
                return _save(ImageOps.exif_transpose(picture), target)
        if mime == "application/pdf":
            return _save(pdf_rendering.render_first_page(source, LONGEST), target)
        if mime.startswith("audio/"):
            self._draw(source, mime, target, "-filter_complex", _WAVE, "-frames:v", "1", "-c:v", "png")
            return _PNG
        if mime.startswith("video/"):
            scaled = f"scale='min({LONGEST},iw)':'min({LONGEST},ih)':force_original_aspect_ratio=decrease"
            self._draw(source, mime, target, "-map", "0:V:0", "-frames:v", "1", "-vf", scaled, "-c:v", "mjpeg")
            return _JPEG
        raise Unclean("no-cleaner")

    def _draw(self, source: Path, mime: str, target: Path, *how: str) -> None:
        command = [self.ffmpeg, *SAFELY, "-v", "error", "-y", "-f", demuxer(mime), "-i", f"file:{source}", *how]
        command += ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
        command += ["-update", "1", "-f", "image2", f"file:{target}"]
        done = subprocess.run(command, env={}, capture_output=True, check=False)  # noqa: S603 - no shell, no words of a sender
        if done.returncode or not target.exists():
            raise Unclean("damaged")


def _save(picture: Image.Image, target: Path) -> str:
    small = picture.copy() if picture.mode == "RGB" else picture.convert("RGBA").convert("RGB")
    small.thumbnail((LONGEST, LONGEST))
    small.info.clear()
    small.save(target, "JPEG", quality=_QUALITY)
    return _JPEG
