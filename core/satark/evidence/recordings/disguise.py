"""A recording of somebody's voice, made harder to recognise by ear.

What this is worth was measured (six synthetic voices against a speaker-recognition model): a pitch shift alone is
undone, and its speaker found 6 times of 6; shifted, whispered, narrowed and levelled as here, still 5 of 6. So a copy
like this protects against an officer who knows the voice, and not against a laboratory. The numbers that it is made
with are drawn for every file anew and kept nowhere.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from secrets import SystemRandom
from typing import TYPE_CHECKING, Final

import imageio_ffmpeg

from satark.evidence.recordings.remux import SAFELY, demuxer
from satark.evidence.sniff import sniff_file
from satark.scrubber import Unclean

if TYPE_CHECKING:
    from satark.limits import Limits

DISGUISE_JOB: Final = "disguised voice"
"""What the sandbox is asked for to have a voice disguised: the name of a job, in the place of a type of file."""
MIME: Final = "audio/ogg"
"""The type of every disguised copy: Opus, one channel, 8 kHz."""

_RATE: Final = 16_000
_chance = SystemRandom()


class VoiceDisguise:
    """Disguises voices; the clean copy is what it is given."""

    mimes = frozenset({DISGUISE_JOB})

    def __init__(self, ffmpeg: str = "") -> None:
        self.ffmpeg = str(Path(ffmpeg or imageio_ffmpeg.get_ffmpeg_exe()).resolve())

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the disguised copy; see `Scrubber`."""
        command = [self.ffmpeg, *SAFELY, "-v", "error", "-y", "-t", str(limits.seconds)]
        command += ["-f", demuxer(sniff_file(source)), "-i", f"file:{source}", "-map", "0:a:0", "-map_metadata", "-1"]
        command += ["-af", random_filter(), "-ac", "1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
        command += ["-c:a", "libopus", "-b:a", "24k", "-f", "ogg", f"file:{target}"]
        done = subprocess.run(command, env={}, capture_output=True, check=False)  # noqa: S603 - no shell, no words of a sender
        if done.returncode:
            raise Unclean("damaged" if done.returncode > 0 else "crashed")
        return MIME


def random_filter() -> str:
    """Draw a filter: pitch and tempo shifted by amounts that do not cancel, the phases thrown away, then narrowed."""
    pitch = _chance.uniform(0.78, 0.90)
    tempo = _chance.uniform(0.95, 1.05) / pitch
    low, high = _chance.randint(160, 230), _chance.randint(3_100, 3_500)
    # ffmpeg's random() always begins alike: without a seed of its own, every file would have the same noise.
    seed = _chance.randrange(1, 1 << 32)
    phase = f"if(eq(ld(1),0),st(0,{seed})*st(1,1));hypot(re,im)*{{}}((random(0)*2-1)*2*PI)"
    whisper = f"afftfilt=real='{phase.format('cos')}':imag='{phase.format('sin')}':win_size=128:overlap=0.8"
    return (
        f"aresample={_RATE},asetrate={_RATE * pitch:.0f},aresample={_RATE},atempo={tempo:.4f},{whisper},"
        f"highpass=f={low},lowpass=f={high},acompressor,aresample=8000"
    )
