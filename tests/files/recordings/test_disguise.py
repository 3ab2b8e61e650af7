"""The voice disguise: different for every file, with a filter that can't be undone by one parameter."""

from __future__ import annotations

import re
import subprocess
from array import array
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.voice import MIME, VoiceDisguise, random_filter
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES

DISGUISE = VoiceDisguise()
RATE = 8000


def voice(folder: Path, name: str, *options: str) -> Path:
    """Make four seconds of a buzz with the formants of a vowel, and a title."""
    path = folder / name
    buzz = "0.4*mod(t*140,1)*(sin(2*PI*650*t)+0.5*sin(2*PI*1100*t))*(0.5+0.5*sin(2*PI*4*t))"
    source = ("-f", "lavfi", "-i", f"aevalsrc='{buzz}':s=48000:d=4")
    ffmpeg(*source, "-metadata", f"title={MARKER_BYTES.decode()}", *options, str(path))
    return path


def ffmpeg(*arguments: str) -> bytes:
    return subprocess.run([DISGUISE.ffmpeg, "-v", "error", "-y", *arguments], capture_output=True, check=True).stdout


def loudness(path: Path, flt: str = "anull") -> list[float]:
    """Return the loudness of each twentieth of a second."""
    samples = array("h", ffmpeg("-i", str(path), "-af", flt, "-ar", str(RATE), "-ac", "1", "-f", "s16le", "pipe:1"))
    step = RATE // 20
    return [sum(abs(one) for one in samples[at : at + step]) / step for at in range(0, len(samples) - step, step)]


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("name", ["a.ogg", "a.m4a", "a.mp3", "a.wav", "a.amr", "a.mp4"])
def test_a_voice_of_any_type_is_disguised_without_metadata(name: str, tmp_path: Path) -> None:
    options = ("-ar", "8000", "-ac", "1") if name == "a.amr" else ()
    source, target = voice(tmp_path, name, *options), tmp_path / "disguised"
    assert DISGUISE.scrub(source, target, Limits()) == MIME == sniff_file(target)
    assert MARKER_BYTES not in target.read_bytes()
    levels = loudness(target)
    assert 3.5 < len(levels) / 20 < 4.6
    assert max(levels) > 100, "it can be heard"


@pytest.mark.slow("ffmpeg")
def test_no_two_disguises_are_alike(tmp_path: Path) -> None:
    source = voice(tmp_path, "a.ogg")
    copies = set()
    for number in range(3):
        DISGUISE.scrub(source, tmp_path / str(number), Limits())
        copies.add((tmp_path / str(number)).read_bytes())
    assert len(copies) == 3
    drawn = [re.findall(r"asetrate=(\d+).*?atempo=([\d.]+).*?st\(0,(\d+)\)", random_filter())[0] for _ in range(200)]
    assert {len(set(numbers)) > 100 for numbers in zip(*drawn, strict=True)} == {True}
    assert all(0.93 < float(tempo) * int(rate) / 16_000 < 1.07 for rate, tempo, _ in drawn), (
        "it can still be understood"
    )


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 not a sound")
    with pytest.raises(Unclean):
        DISGUISE.scrub(path, tmp_path / "disguised", Limits())
