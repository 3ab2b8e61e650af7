"""Measures how well speakers of disguised voices can be recognised: `python -m support.evidence.voices VOICES DIGITS`.

VOICES is a folder of recordings of at least 15 seconds whose names begin with the speaker and `-`, as LibriSpeech's do
(one of each of 252 speakers comes with resemble-ai/Resemblyzer). Each is cut into four chunks, and each chunk is
disguised by itself. A model that recognises speakers (`pip install resemblyzer torch "setuptools<81"`) says how alike
two chunks are. The script prints the equal error rate, and how often the likeliest speaker is the right one. DIGITS is
a folder of recordings whose names begin with the spoken digit and `_` (Jakobovski/free-spoken-digit-dataset): a
recogniser of words (`pip install pocketsphinx`, with its English model) says how many it understands. Both packages
include their models. Neither is in the project's lock file, so use a separate environment.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import wave
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click
import imageio_ffmpeg

from satark_files.limits import Limits
from satark_files.recordings.voice import VoiceDisguise

RATE: Final = 16_000
CHUNKS: Final = 4
_SECONDS: Final = 3.5
_DIGITS: Final = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_GRAMMAR: Final = f"#JSGF V1.0; grammar digits; public <digits> = ({' | '.join(_DIGITS)})+;"
_PAUSE: Final = bytes(2 * RATE // 5)

Piece = tuple[str, Path]
"""A speaker, or the digits that they say, and the recording."""


def chunks(folder: Path, made: Path, speakers: int) -> list[Piece]:
    """Cut recordings into pieces; the first long one of each speaker is used."""
    of = {one.name.partition("-")[0]: one for one in sorted(folder.rglob("*-*.*"), reverse=True)}
    size = int(2 * RATE * _SECONDS) & ~1
    found: list[Piece] = []
    for speaker, path in sorted(of.items()):
        samples = _samples(path)
        if len(samples) >= CHUNKS * size and len(found) < CHUNKS * speakers:
            found += [
                (speaker, _write(made / f"{speaker}-{n}.wav", samples[n * size : (n + 1) * size]))
                for n in range(CHUNKS)
            ]
    return found


def sentences(folder: Path, made: Path, count: int = 60) -> list[Piece]:
    """Join recordings of digits of one speaker to sentences of ten, each digit once, in any order."""
    rng = random.Random(1)
    found: list[Piece] = []
    takes = sorted({one.stem.partition("_")[2] for one in folder.glob("0_*.wav")})
    for take in rng.sample(takes, count):
        digits = rng.sample(range(10), 10)
        joined = _PAUSE.join(_samples(folder / f"{digit}_{take}.wav") for digit in digits)
        found.append(("".join(map(str, digits)), _write(made / f"{take}.wav", joined)))
    return found


def _write(path: Path, samples: bytes) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(samples)
    return path


def _samples(path: Path) -> bytes:
    """Return a recording as 16-bit samples."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    command = (program, "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1")
    return subprocess.run(command, check=True, capture_output=True).stdout


def equal_error_rate(same: Iterable[float], other: Iterable[float]) -> float:
    """Return the rate, in percent, at which as many pairs of one speaker are refused as of two are accepted."""
    ours, theirs = sorted(same), sorted(other)
    rates = [(n / len(ours), 1 - bisect_left(theirs, score) / len(theirs)) for n, score in enumerate(ours)]
    refused, accepted = min(rates, key=lambda one: abs(one[0] - one[1]))
    return 50 * (refused + accepted)


def linked(enrolled: Mapping[str, list[list[float]]], tested: Mapping[str, list[list[float]]]) -> tuple[float, float]:
    """Return the equal error rate, and the share of recordings for which the likeliest speaker is the right one."""
    same: list[float] = []
    other: list[float] = []
    right = count = 0
    for speaker, voices in tested.items():
        for number, voice in enumerate(voices):
            likeness = {}
            for name, known in enrolled.items():
                scores = [_likeness(voice, one) for n, one in enumerate(known) if (name, n) != (speaker, number)]
                (same if name == speaker else other).extend(scores)
                likeness[name] = sum(scores) / len(scores)
            right += max(likeness, key=likeness.__getitem__) == speaker
            count += 1
    return equal_error_rate(same, other), 100 * right / count


def _likeness(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def understood(decoder: Any, said: str, path: Path) -> int:
    """Count the digits that the recogniser hears in the right place, by the least edits (Levenshtein)."""
    decoder.start_utt()
    decoder.process_raw(_samples(path), full_utt=True)
    decoder.end_utt()
    digits = [int(one) for one in said]
    heard = [_DIGITS.index(word) for word in (decoder.hyp().hypstr.split() if decoder.hyp() else ()) if word in _DIGITS]
    costs = list(range(len(heard) + 1))
    for row, digit in enumerate(digits, 1):
        before, costs[0] = costs[0], row
        for column, word in enumerate(heard, 1):
            before, costs[column] = (
                costs[column],
                min(before + (digit != word), costs[column] + 1, costs[column - 1] + 1),
            )
    return max(0, len(digits) - costs[-1])


def _load() -> tuple[Callable[[bytes], list[float]], Any]:
    """Return what makes a voice of samples, and a decoder of spoken digits."""
    numpy, resemblyzer, pocketsphinx = map(import_module, ("numpy", "resemblyzer", "pocketsphinx"))
    encoder = resemblyzer.VoiceEncoder("cpu", verbose=False)
    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    decoder.add_jsgf_string("digits", _GRAMMAR)
    decoder.activate_search("digits")

    def voice(samples: bytes) -> list[float]:
        made: list[float] = encoder.embed_utterance(
            numpy.frombuffer(samples, "int16").astype("float32") / 32768
        ).tolist()
        return made

    return voice, decoder


@click.command()
@click.argument("voices", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("digits", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--speakers", default=60, show_default=True, help="Most speakers.")
def main(voices: Path, digits: Path, speakers: int) -> None:
    """Measure what disguised voices still tell."""
    voice, decoder = _load()
    with tempfile.TemporaryDirectory() as made:
        cut, said = chunks(voices, Path(made), speakers), sentences(digits, Path(made))
        found: dict[str, dict[str, list[list[float]]]] = {}
        for kind, change in {"undisguised": Path, "disguised": _disguised}.items():
            found[kind] = {}
            for speaker, path in cut:
                found[kind].setdefault(speaker, []).append(voice(_samples(change(path))))
            heard = sum(understood(decoder, words, change(path)) for words, path in said)
            click.echo(f"{kind}: {10 * heard / len(said):.1f} % of the digits understood")
    _tell(found)


def _disguised(path: Path) -> Path:
    target = path.with_suffix(".ogg")
    VoiceDisguise().scrub(path, target, Limits())
    return target


def _tell(voices: Mapping[str, Mapping[str, list[list[float]]]]) -> None:
    pairs = (("undisguised", "undisguised"), ("undisguised", "disguised"), ("disguised", "disguised"))
    count = len(voices["disguised"])
    for enrolled, tested in pairs:
        rate, right = linked(voices[enrolled], voices[tested])
        click.echo(
            f"{tested} against {enrolled}: EER {rate:.1f} % (chance 50), the right one of {count} speakers "
            f"{right:.1f} % (chance {100 / count:.1f})"
        )


if __name__ == "__main__":
    main()
