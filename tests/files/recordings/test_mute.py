"""A film's sound is removed without touching its picture, whatever the container."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.limits import Limits
from satark_files.recordings.ffmpeg import CONTAINERS, Container
from satark_files.recordings.remux import muted_beside
from satark_files.recordings.voice import FilmMuter
from satark_files.scrubber import Unclean
from satark_files.sniff import sniff_file
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import RECORDINGS, decoded_hash, ffmpeg

FILMS = [name for mime, names in RECORDINGS.items() if CONTAINERS[mime].has_video for name in names[:1]]
MUTER = FilmMuter()


def streams(path: Path, *options: str) -> bytes:
    """Return the hash of each stream of a film, after its kind."""
    return ffmpeg("-i", str(path), "-map", "0", *options, "-c", "copy", "-f", "streamhash", "pipe:1")


@pytest.mark.parametrize("name", FILMS)
def test_the_picture_stays_and_the_sound_goes(
    name: str, make: Callable[[str], Path], cleaned: Callable[[Path], Path], limits: Limits
) -> None:
    clean = cleaned(make(name))
    muted = clean.with_name("muted")
    assert b",a," in streams(clean), "the specimen has no sound: the test proves nothing"
    assert MUTER.scrub(clean, muted, limits) == sniff_file(clean) == sniff_file(muted)
    assert streams(muted) == streams(clean, "-map", "-0:a")
    assert MARKER_BYTES not in muted.read_bytes()


@pytest.mark.parametrize("name", ["mp4", "mp4-turned"])
def test_a_film_is_muted_while_it_is_cleaned_as_it_would_be_later(
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


def test_a_muted_copy_that_holds_anything_else_is_not_left(
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
