"""The voice disguise: different for every file, with a filter that can't be undone by one parameter."""

from __future__ import annotations

import re
import shutil
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.ffmpeg import CONTAINERS, Container
from satark_files.recordings.remux import muted_beside
from satark_files.recordings.voice import MIME, FilmMuter, VoiceDisguise, random_filter
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import RECORDINGS, decoded_hash, ffmpeg

pytestmark = pytest.mark.slow("ffmpeg")

DISGUISE = VoiceDisguise()
RATE = 8000


def voice(folder: Path, name: str, *options: str) -> Path:
    """Make four seconds of a buzz with the formants of a vowel, and a title."""
    path = folder / name
    buzz = "0.4*mod(t*140,1)*(sin(2*PI*650*t)+0.5*sin(2*PI*1100*t))*(0.5+0.5*sin(2*PI*4*t))"
    source = ("-f", "lavfi", "-i", f"aevalsrc='{buzz}':s=48000:d=4")
    ffmpeg(*source, "-metadata", f"title={MARKER_BYTES.decode()}", *options, str(path))
    return path


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
    assert 3.2 < len(levels) / 20 < 4.9
    assert max(levels) > 100, "it can be heard"


@pytest.mark.slow("ffmpeg")
def test_no_two_disguises_are_alike(tmp_path: Path) -> None:
    source = voice(tmp_path, "a.ogg")
    copies = set()
    for number in range(3):
        DISGUISE.scrub(source, tmp_path / str(number), Limits())
        copies.add((tmp_path / str(number)).read_bytes())
    assert len(copies) == 3
    parts = re.compile(r"atempo=([\d.]+).*?st\(0,(\d+)\).*?1\+?(-?[\d.]+)\*sin.*?/(\d\.\d+)\).*?g=(-?[\d.]+)")
    drawn = [parts.findall(random_filter())[0] for _ in range(200)]
    assert {len(set(numbers)) > 50 for numbers in zip(*drawn, strict=True)} == {True}
    assert all(0.8 < float(tempo) < 1.25 and 0.6 < float(stretch) < 1.6 for tempo, _, _, stretch, _ in drawn), (
        "it can still be understood"
    )


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 not a sound")
    with pytest.raises(Unclean):
        DISGUISE.scrub(path, tmp_path / "disguised", Limits())


FILMS = [name for mime, names in RECORDINGS.items() if CONTAINERS[mime].has_video for name in names[:1]]
MUTER = FilmMuter()


def streams(path: Path, *options: str) -> bytes:
    """Return the hash of each stream of a film, after its kind."""
    return ffmpeg("-i", str(path), "-map", "0", *options, "-c", "copy", "-f", "streamhash", "pipe:1")


@pytest.mark.parametrize("name", FILMS)
def test_the_muted_copy_has_the_picture_and_no_sound(
    name: str, make: Callable[[str], Path], cleaned: Callable[[Path], Path], limits: Limits
) -> None:
    clean = cleaned(make(name))
    muted = clean.with_name("muted")
    assert b",a," in streams(clean), "the specimen has no sound: the test proves nothing"
    assert MUTER.scrub(clean, muted, limits) == sniff_file(clean) == sniff_file(muted)
    assert streams(muted) == streams(clean, "-map", "-0:a")
    assert MARKER_BYTES not in muted.read_bytes()


@pytest.mark.parametrize("name", ["mp4", "mp4-turned"])
def test_a_film_muted_during_cleaning_equals_one_muted_later(
    name: str, make: Callable[[str], Path], cleaned: Callable[[Path], Path], limits: Limits
) -> None:
    clean = cleaned(make(name))
    at_once, later = muted_beside(clean), clean.with_name("later")
    shutil.copyfile(clean, clean.with_name("alone"))
    MUTER.scrub(clean.with_name("alone"), later, limits)
    assert streams(at_once) == streams(later)
    assert decoded_hash(at_once) == decoded_hash(later)
    assert MARKER_BYTES not in at_once.read_bytes()
    clean.with_name("alone").unlink()


def test_a_muted_copy_with_anything_else_is_dropped(
    make: Callable[[str], Path], cleaned: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_sound(self: Container, path: Path, *options: str) -> str:
        return branch(self, path, *options[:2])

    branch = Container.branch
    monkeypatch.setattr(Container, "branch", with_sound)
    clean = cleaned(shutil.copyfile(make("mp4"), tmp_path / "film.mp4"))
    assert b",a," in streams(clean.with_name(f"{clean.name}.unchecked"))
    assert not muted_beside(clean).exists()


@pytest.mark.slow("ffmpeg")
def test_a_recording_without_a_picture_has_no_muted_copy(tmp_path: Path, limits: Limits) -> None:
    recording = tmp_path / "recording.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", str(recording))
    with pytest.raises(Unclean):
        MUTER.scrub(recording, tmp_path / "muted", limits)
