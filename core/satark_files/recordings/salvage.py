"""Salvages the pictures of films that were cut off before their index was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_files.recordings.conversion import ConversionScrubber
from satark_files.recordings.ffmpeg import CONTAINERS
from satark_files.recordings.lost_index import find_video
from satark_files.recordings.remux import RemuxScrubber
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits


class SalvagingRemux:
    """Cleans recordings by remuxing, and salvages what can be seen of films without an index."""

    mimes = RemuxScrubber.mimes

    def __init__(self, program: str = "") -> None:
        self._remux = RemuxScrubber(program)
        self.ffmpeg = self._remux.ffmpeg

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        try:
            return self._remux.scrub(source, target, limits)
        except Unclean as unclean:
            if unclean.reason != "damaged" or CONTAINERS[sniff_file(source)].demuxer != "mov":
                raise
            return self._salvage(source, target, limits)

    def _salvage(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the film that is left, without its sound, whose parameters are lost."""
        film = source.read_bytes()
        found = find_video(film) if b"moov" not in film else None
        if found is None:
            raise Unclean("damaged")
        coded = source.with_name(f"{source.name}.coded")
        coded.write_bytes(found.data)
        made = ConversionScrubber(found.mime, self.ffmpeg).scrub(coded, target, limits)
        return Cleaned(made, readable=found.percent, left_out=("sound-tracks",))
