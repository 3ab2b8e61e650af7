"""Every type the core cleans: nothing planted survives, and what the file shows or plays stays what it was."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import imageio_ffmpeg
import pytest
from PIL import Image, ImageOps, ImageSequence

from satark.evidence import jpeg, media
from satark.evidence.builtin import builtin_scrubbers
from satark.evidence.limits import Limits
from satark.evidence.scrubbers import Scrubber, Unclean
from satark.evidence.sniff import sniff_file
from satark.testing.specimens import LATITUDE, ORIENTATION, PICTURES, RECORDINGS, TRACE

PICTURE_NAMES = [name for names in PICTURES.values() for name in names]
RECORDING_NAMES = [name for names in RECORDINGS.values() for name in names]
LOSSLESS = [name for name in PICTURE_NAMES if name.partition("-")[0] in ("jpg", "png", "webp", "gif", "tif")]
SCRUBBERS: Sequence[Scrubber] = builtin_scrubbers()

# What exiftool may call a fact of the picture, its coding or the file system, and not of its maker.
HARMLESS_GROUPS = {"File", "System", "ExifTool", "Composite"}


def scrubber_for(path: Path) -> Scrubber:
    return next(one for one in SCRUBBERS if sniff_file(path) in one.mimes)


def clean(source: Path, folder: Path, limits: Limits) -> Path:
    target = folder / f"clean{source.suffix}"
    mime = scrubber_for(source).scrub(source, target, limits)
    assert sniff_file(target) == mime
    return target


def traces(data: bytes) -> list[bytes]:
    """The planted values that the data holds, in any of the ways that metadata spells text."""
    words = [TRACE, str(LATITUDE).encode(), b"creation_time"]
    spelled = [spelling for word in words for spelling in (word, word.decode().encode("utf-16-le"))]
    return [word for word in spelled if word.lower() in data.lower()]


def framehash(path: Path, *options: str) -> list[str]:
    """A hash of every packet (or, with options, of every decoded frame) of the first picture and sound track."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    maps = ("-map", "0:V:0?", "-map", "0:a:0?")
    command = [program, "-v", "error", "-i", str(path), *maps, *options, "-f", "framehash", "-"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [",".join(line.split(",")[::5]) for line in out.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", PICTURE_NAMES + RECORDING_NAMES)
def test_no_planted_value_survives(name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    source = make(name)
    assert name == "amr" or traces(source.read_bytes()), "the specimen has nothing planted: the test proves nothing"
    assert traces(clean(source, tmp_path, limits).read_bytes()) == []


@pytest.mark.needs("exiftool")
@pytest.mark.parametrize("name", PICTURE_NAMES + RECORDING_NAMES)
def test_exiftool_finds_nothing_of_the_maker(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    copy = clean(make(name), tmp_path, limits)
    program = shutil.which("exiftool") or ""
    command = [program, "-json", "-a", "-u", "-U", "-ee3", "-G1", "-n", "-api", "largefilesupport=1", str(copy)]
    told = json.loads(subprocess.run(command, check=False, capture_output=True).stdout)[0]
    facts = {key: value for key, value in told.items() if key.partition(":")[0] not in HARMLESS_GROUPS}
    assert traces(repr(facts).encode()) == []
    named = ("GPS", "Serial", "Owner", "Artist", "Author", "Make", "Model", "Comment", "Thumbnail", "Software", "XMP")
    assert [key for key in facts if any(word in key.partition(":")[2] for word in named)] == []
    assert [key for key, value in facts.items() if "Date" in key and value != "0000:00:00 00:00:00"] == []


def test_the_search_finds_what_a_broken_cleaner_lets_through(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "NEEDED", jpeg.NEEDED | {0xFE})
    assert traces(clean(make("jpg"), tmp_path, limits).read_bytes()) != []


def test_a_cleaner_that_lets_tags_through_is_not_believed(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "_BARE", ("-dn", "-sn", "-c", "copy"))
    believed = []
    for name in ("mp4", "mov", "mkv", "webm", "opus", "flac", "m4a", "wav", "avi"):
        with contextlib.suppress(Unclean):
            clean(make(name), tmp_path, limits)
            believed.append(name)
    assert believed == []


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_pixel_stays(name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    source = make(name)
    with Image.open(source) as before, Image.open(clean(source, tmp_path, limits)) as after:
        mode = "RGB" if name == "gif" else before.mode
        old = [frame.convert(mode).tobytes() for frame in ImageSequence.Iterator(before)]
        new = [frame.convert(mode).tobytes() for frame in ImageSequence.Iterator(after)]
        assert (before.size, len(old)) == (after.size, len(new))
        assert old == new


@pytest.mark.parametrize("name", ["jpg", "jpg-progressive", "jpg-cmyk", "png", "webp"])
def test_a_turned_picture_stays_turned_and_says_nothing_else(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    with Image.open(clean(make(name), tmp_path, limits)) as after:
        assert dict(after.getexif()) == {0x0112: ORIENTATION}
        assert ImageOps.exif_transpose(after).size == (after.height, after.width)


@pytest.mark.parametrize("name", ["avif", "heic"])
def test_what_browsers_do_not_show_becomes_an_upright_jpeg(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    with Image.open(clean(make(name), tmp_path, limits)) as after:
        assert after.format == "JPEG"
        assert dict(after.getexif()) == {}
        after.load()


def test_an_animation_keeps_its_pace(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    with Image.open(clean(make("gif"), tmp_path, limits)) as after:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(after)] == [120, 240]


@pytest.mark.parametrize("name", RECORDING_NAMES)
def test_every_packet_stays(name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    source = make(name)
    copy = clean(source, tmp_path, limits)
    assert framehash(source, "-c", "copy") == framehash(copy, "-c", "copy")
    if name != "mp3":  # a player trims silence by the LAME tag, which names the encoder and is gone
        assert framehash(source) == framehash(copy)


def test_a_turned_film_stays_turned(make: Callable[[str], Path], tmp_path: Path, limits: Limits) -> None:
    report = media.MediaScrubber()._look(clean(make("mp4-turned"), tmp_path, limits), media._CONTAINERS["video/mp4"])
    assert "rotation of 90" in report[1]


def test_a_recording_over_the_limit_is_refused(make: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="too-long"):
        clean(make("mp3"), tmp_path, Limits(seconds=0))


@pytest.mark.parametrize("name", PICTURE_NAMES)
def test_a_picture_over_the_limit_is_refused(name: str, make: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="too-many-pixels"):
        clean(make(name), tmp_path, Limits(pixels=1000))


@pytest.mark.parametrize(
    "name", [name for name in PICTURE_NAMES + RECORDING_NAMES if name not in ("amr", "aac", "mp3")]
)
def test_a_file_cut_short_never_gives_a_dirty_copy(
    name: str, make: Callable[[str], Path], tmp_path: Path, limits: Limits
) -> None:
    data = make(name).read_bytes()
    for part in (0.1, 0.5, 0.9):
        source = tmp_path / f"cut.{name}"
        source.write_bytes(data[: int(len(data) * part)])
        try:
            copy = clean(source, tmp_path, limits)
        except (Unclean, StopIteration):
            continue
        assert traces(copy.read_bytes()) == []
