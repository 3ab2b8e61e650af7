"""Makes a recorded voice harder to recognise by ear.

Measured with six synthetic voices against a speaker-recognition model: with a pitch shift alone, which can be undone,
the speaker was found 6 times of 6; with the shift, whispering, narrow band and compression used here, still 5 times of
6. A disguised copy protects against a listener who knows the voice, not against a laboratory. The parameters are drawn
at random for every file and stored nowhere.
"""

from __future__ import annotations

from secrets import SystemRandom
from typing import TYPE_CHECKING, Final

from satark_files.jobs import DISGUISE_JOB
from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import container_of
from satark_files.sniff import sniff_file

if TYPE_CHECKING:
    from pathlib import Path

    from satark_files.limits import Limits

MIME: Final = "audio/ogg"
"""The type of every disguised copy: Opus in Ogg, one channel, 8 kHz."""

_RATE: Final = 16_000
_random = SystemRandom()


class VoiceDisguise:
    """Makes a disguised copy of a clean copy."""

    mimes = frozenset({DISGUISE_JOB})

    def __init__(self, program: str = "") -> None:
        self.ffmpeg = ffmpeg.find_program(program)

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the disguised copy; see `Scrubber`."""
        voice = (*container_of(sniff_file(source)).read(source), "-map", "0:a:0", "-map_metadata", "-1")
        disguised = ("-af", random_filter(), "-ac", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
        written = ("-c:a", "libopus", "-b:a", "24k", "-f", "ogg", f"file:{target}")
        ffmpeg.run(self.ffmpeg, "error", "-t", str(limits.seconds), *voice, *disguised, *written)
        return MIME


def random_filter() -> str:
    """Return an audio filter with random parameters.

    It shifts pitch and tempo by amounts that do not cancel, makes a whisper by replacing the phases, and limits the
    band.
    """
    pitch = _random.uniform(0.78, 0.90)
    tempo = _random.uniform(0.95, 1.05) / pitch
    low, high = _random.randint(160, 230), _random.randint(3_100, 3_500)
    # ffmpeg's random() always starts with the same seed: without one of its own, every file would get the same noise.
    seed = _random.randrange(1, 1 << 32)
    phase = f"if(eq(ld(1),0),st(0,{seed})*st(1,1));hypot(re,im)*{{}}((random(0)*2-1)*2*PI)"
    whisper = f"afftfilt=real='{phase.format('cos')}':imag='{phase.format('sin')}':win_size=128:overlap=0.8"
    return (
        f"aresample={_RATE},asetrate={_RATE * pitch:.0f},aresample={_RATE},atempo={tempo:.4f},{whisper},"
        f"highpass=f={low},lowpass=f={high},acompressor,aresample=8000"
    )
