"""Removes the sound of a film, in which its maker may be heard."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from satark_files.jobs import MUTE_JOB
from satark_files.recordings import ffmpeg
from satark_files.recordings.codec_rules import CodecRules
from satark_files.recordings.ffmpeg import container_of
from satark_files.recordings.remux import RemuxScrubber, muted_beside
from satark_files.sniff import sniff_file

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits
    from satark_files.recordings.ffmpeg import Container

_SOUND: Final = b": Audio: "


class FilmMuter(RemuxScrubber):
    """Makes a copy of a film's clean copy, without its sound. A recording without a picture is refused (`damaged`)."""

    mimes = frozenset({MUTE_JOB})
    picture = ("-map", "0:V:0")  # needed: where nothing is mapped ffmpeg takes what it likes, sound among it
    sound = ()
    looks_for_hidden = False

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the muted copy; of a film without sound the same bytes. See `Scrubber`."""
        container = container_of(sniff_file(source))
        if (made := muted_beside(source)).exists():
            made.replace(target)
            return container.mime
        if _SOUND in ffmpeg.describe(self.ffmpeg, container, source):
            return super().scrub(source, target, limits)
        shutil.copyfile(source, target)
        return container.mime

    def _rules(self, described: bytes) -> CodecRules:
        """Filter nothing: the clean copy holds no metadata any more."""
        del described
        return CodecRules()

    def _decode_start(self, clean: Path, container: Container, limits: Limits, *, video: bool) -> None:
        """Decode nothing: the clean copy was decoded, and the hash of its film is that of this one."""
