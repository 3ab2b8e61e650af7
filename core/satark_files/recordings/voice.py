"""Protects the voices in a clean copy: makes them harder to recognise by ear, or removes the sound of a film.

The filter is drawn anew for every file, and stored nowhere. A model that recognises speakers takes two pieces of 50
voices for one speaker's with an equal error rate of 40.7 % (3 % undisguised, 50 % is chance), and a recogniser of words
understands 41.5 % of spoken digits (76 % undisguised): `support.evidence.voices` measures it. A disguised copy protects
against a listener who knows the voice, not against a laboratory, which can train a model on disguised voices.
"""

import math
import shutil
from pathlib import Path
from secrets import SystemRandom
from typing import Final

from satark_files.limits import Limits
from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import Container, container_of
from satark_files.recordings.remux import RemuxScrubber, muted_beside
from satark_files.recordings.stream_metadata import CodecRules
from satark_files.scrubber import DISGUISE_JOB, MUTE_JOB
from satark_files.sniff import sniff_file

MIME: Final = "audio/ogg"
"""The type of every disguised copy: Opus in Ogg, one channel, 8 kHz."""

_RATE: Final = 16_000
_WINDOW: Final = 128
"""Number of samples in a window of the filter: too few to show the pitch of a voice."""
_STRETCH: Final = (-0.39, 0.39)
"""Logarithm of the factor by which the spectrum is stretched: 0.68 to 1.48."""
_BEND: Final = (-0.2, 0.2)
_TEMPO: Final = (0.85, 1.2)
_GAIN: Final = (-7.0, 7.0)
"""Decibels by which parts of the spectrum become louder or softer."""
_random = SystemRandom()


class VoiceDisguise:
    """Makes a disguised copy of a clean copy."""

    mimes = frozenset({DISGUISE_JOB})

    def __init__(self) -> None:
        self.ffmpeg = ffmpeg.find_program()

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the disguised copy; see `Scrubber`."""
        voice = (*container_of(sniff_file(source)).read(source), "-map", "0:a:0", "-map_metadata", "-1")
        disguised = ("-af", random_filter(), "-ac", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
        written = ("-c:a", "libopus", "-b:a", "24k", "-f", "ogg", f"file:{target}")
        ffmpeg.run(self.ffmpeg, "error", "-t", str(limits.seconds), *voice, *disguised, *written)
        return MIME


def random_filter() -> str:
    """Return an audio filter with random parameters.

    It makes a whisper by replacing the phases, stretches and bends the spectrum, which reveals the size and shape of a
    mouth, blurs it, colours it as another room or microphone would, changes the tempo, and limits the band.
    """
    draw = _random.uniform
    stretch, bend, tempo = math.exp(draw(*_STRETCH)), draw(*_BEND), draw(*_TEMPO)
    # ffmpeg's random() always starts with the same seed: without one of its own, every file would get the same noise.
    once = f"if(ld(1),0,st(0,{_random.randrange(1, 1 << 32)});st(1,1));"
    from_bin = f"st(2,b*(1+{bend:.3f}*sin(PI*b/{_WINDOW // 4}))/{stretch:.4f});"
    size = "+".join(f"hypot(real(ld(2){step},ch),imag(ld(2){step},ch))" for step in ("", "", "-1", "+1"))
    part = f"{once}{from_bin}({size})/4*{{}}((random(0)*2-1)*PI)"
    whisper = f"afftfilt=real='{part.format('cos')}':imag='{part.format('sin')}':win_size={_WINDOW}:overlap=0.6"
    peaks = [
        f"equalizer=f={middle * 2 ** draw(-0.5, 0.5):.0f}:t=o:w={draw(0.7, 1.6):.2f}:g={draw(*_GAIN):.1f}"
        for middle in (450, 1100, 2400)
    ]
    ends = f"bass=f=300:g={draw(*_GAIN):.1f}", f"treble=f=2000:g={draw(*_GAIN):.1f}"
    band = f"highpass=f={draw(100, 300):.0f},lowpass=f={draw(3_000, 3_600):.0f}"
    return ",".join(
        (f"aresample={_RATE}", f"atempo={tempo:.4f}", whisper, *peaks, *ends, band, "acompressor", "aresample=8000")
    )


_SOUND: Final = b": Audio: "


class FilmMuter(RemuxScrubber):
    """Makes a copy of a film's clean copy, without its sound. A recording without a picture is refused (`damaged`)."""

    mimes = frozenset({MUTE_JOB})
    picture = ("-map", "0:V:0")  # needed: where nothing is mapped ffmpeg takes what it likes, sound among it
    sound = ()
    looks_for_hidden = False

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the muted copy; the copy of a film without sound has the same bytes. See `Scrubber`."""
        container = container_of(sniff_file(source))
        if (made := muted_beside(source)).exists():
            made.replace(target)
            return container.mime
        if _SOUND in ffmpeg.describe(self.ffmpeg, container, source):
            return super().scrub(source, target, limits)
        shutil.copyfile(source, target)
        return container.mime

    def _rules(self, described: bytes) -> CodecRules:
        """Return rules without filters, since the clean copy holds no metadata any more."""
        del described
        return CodecRules()

    def _decode_start(self, clean: Path, container: Container, limits: Limits, *, video: bool) -> None:
        """Decode nothing: the clean copy was decoded, and the muted film has the same hash as its film."""
