"""Films that ffmpeg can't copy unchanged: frames behind an edit list don't pass, cameras' recordings do."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.limits import Limits
from satark_files.recordings import preparation, remux
from satark_files.recordings.remux import RemuxScrubber
from satark_files.recordings.salvage import SalvagingRemux
from satark_files.scrubber import Cleaned, Unclean
from satark_files.sniff import sniff_file
from support.evidence.recordings import decoded_hash, ffmpeg

FILM = ("-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2,format=yuv420p")
SOUND = ("-f", "lavfi", "-i", "sine=d=2")
AMR = ("-c:a", "libopencore_amrnb", "-ar", "8000", "-ac", "1", "-f", "3gp")


def trimmed(folder: Path) -> Path:
    """Return a film of two seconds whose first and last parts are hidden, as trimming on a phone does."""
    ffmpeg(*FILM, *SOUND, "-c:v", "libx264", "-g", "100", "-c:a", "aac", folder / "full.mov")
    ffmpeg("-ss", "0.9", "-i", folder / "full.mov", "-c", "copy", folder / "trimmed.mov")
    return folder / "trimmed.mov"


def pictures(path: Path, *options: str) -> int:
    lines = ffmpeg(*options, "-i", path, "-map", "0:v", "-f", "framemd5", "-").splitlines()
    return sum(not line.startswith(b"#") for line in lines)


@pytest.mark.slow("ffmpeg")
def test_the_copy_of_a_film_holds_none_of_its_hidden_frames(tmp_path: Path, limits: Limits) -> None:
    source = trimmed(tmp_path)
    seen = pictures(source)
    assert seen < pictures(source, "-ignore_editlist", "1")
    made = RemuxScrubber().scrub(source, tmp_path / "copy.mov", limits)
    assert pictures(tmp_path / "copy.mov") == pictures(tmp_path / "copy.mov", "-ignore_editlist", "1") == seen
    assert (made, sniff_file(tmp_path / "copy.mov")) == ("video/quicktime", made)
    assert b"x264" not in (tmp_path / "copy.mov").read_bytes()


@pytest.mark.slow("ffmpeg")
def test_a_copy_with_hidden_frames_is_detected(tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "hides_frames", lambda _: False)
    RemuxScrubber().scrub(trimmed(tmp_path), tmp_path / "copy.mov", limits)
    assert pictures(tmp_path / "copy.mov") < pictures(tmp_path / "copy.mov", "-ignore_editlist", "1")


@pytest.mark.slow("ffmpeg")
def test_a_film_that_hides_nothing_is_not_encoded_again(tmp_path: Path, limits: Limits) -> None:
    trimmed(tmp_path)
    RemuxScrubber().scrub(tmp_path / "full.mov", tmp_path / "copy.mov", limits)
    assert decoded_hash(tmp_path / "copy.mov") == decoded_hash(tmp_path / "full.mov")


def with_several_frames(film: bytes, several: int = 3) -> bytes:
    """Put so many frames of sound into each sample; they must lie one after the other (ISO/IEC 14496-12, 8.7)."""
    data = bytearray(film)
    track = data.rindex(b"trak", 0, data.index(b"samr"))

    def box(kind: bytes) -> int:
        return data.index(kind, track) + 8

    size, count = struct.unpack_from(">II", data, box(b"stsz"))
    samples = count // several
    struct.pack_into(">II", data, box(b"stsz"), size * several, samples)
    struct.pack_into(">5I", data, box(b"stts"), 2, samples - 1, 160 * several, 1, 160 * several)
    assert struct.unpack_from(">I", data, box(b"stsc")) == (1,)
    struct.pack_into(">4I", data, box(b"stsc"), 1, 1, samples, 1)
    return bytes(data)


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize(
    "film", [SOUND, (*FILM, "-itsoffset", "9", *SOUND, "-c:v", "libx264")], ids=["sound alone", "film"]
)
def test_several_frames_of_sound_in_a_sample_are_kept(film: tuple[str, ...], tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "phone.3gp"
    ffmpeg(*film, *AMR, source)
    source.write_bytes(with_several_frames(source.read_bytes()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remux, "_AMR", b"no sound is called this")
        with pytest.raises(Unclean, match="damaged"):
            RemuxScrubber().scrub(source, tmp_path / "copy.3gp", limits)
    RemuxScrubber().scrub(source, tmp_path / "copy.3gp", limits)
    sound = ("-map", "0:a", "-c", "copy", "-f", "amr", "-")
    assert ffmpeg("-i", tmp_path / "copy.3gp", *sound) == ffmpeg("-i", source, *sound)


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw"])
def test_the_sound_of_a_telephone_in_mp4_is_kept(codec: str, tmp_path: Path, limits: Limits) -> None:
    camera = tmp_path / "camera.mov"
    ffmpeg(*FILM, *SOUND, "-c:v", "libx264", "-c:a", codec, "-ar", "8000", camera)
    source = tmp_path / "camera.mp4"
    source.write_bytes(camera.read_bytes().replace(b"qt  ", b"isom"))
    assert sniff_file(source) == "video/mp4"
    assert (
        RemuxScrubber().scrub(source, tmp_path / "copy", limits) == sniff_file(tmp_path / "copy") == "video/quicktime"
    )
    assert decoded_hash(tmp_path / "copy") == decoded_hash(source)


@pytest.mark.parametrize("name", ["mp4", "mkv", "webm", "avi", "wav", "rf64", "aiff"])
def test_the_percentage_left_of_a_cut_recording_is_reported(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    source = tmp_path / "cut"
    if name == "mp4":
        sound = ("-f", "lavfi", "-i", "sine=d=2")
        ffmpeg(*FILM, *sound, "-c:v", "libx264", "-movflags", "+faststart", tmp_path / "film.mp4")
    if name == "rf64":
        ffmpeg("-i", make("wav"), "-c", "copy", "-rf64", "always", tmp_path / "large.wav")
    made_here = {"mp4": "film.mp4", "rf64": "large.wav"}
    data = (tmp_path / made_here[name] if name in made_here else make(name)).read_bytes()
    for part, low, high in ((1, 100, 100), (0.6, 30, 80)):
        source.write_bytes(data[: int(len(data) * part)])
        scrubber = next(one for one in builtin_scrubbers() if sniff_file(source) in one.mimes)
        made = scrubber.scrub(source, tmp_path / "copy", limits)
        assert isinstance(made, Cleaned)
        assert low <= made.readable <= high


def test_an_empty_recording_is_damaged(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    source = tmp_path / "empty.wav"
    data = make("wav").read_bytes()
    source.write_bytes(data[: data.index(b"data") + 4] + bytes(4))
    with pytest.raises(Unclean, match="damaged"):
        SalvagingRemux().scrub(source, tmp_path / "copy.wav", limits)
