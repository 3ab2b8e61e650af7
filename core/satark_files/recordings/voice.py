"""Protects the voices in a clean copy: makes them harder to recognise by ear, or removes the sound of a film.

Six synthetic voices were tested against a speaker-recognition model. With a pitch shift alone, which can be undone, it
found the speaker 6 times of 6; with the shift, whispering, narrow band and compression used here, still 5 times of 6. A
disguised copy protects against a listener who knows the voice, not against a laboratory. The parameters are drawn at
random for every file and stored nowhere.
"""

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
