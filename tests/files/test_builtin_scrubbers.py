"""Every built-in scrubber: no marker survives, and the visible or audible content stays unchanged."""

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from PIL import Image, ImageOps, ImageSequence

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.images import jpeg
from satark_files.limits import Limits
from satark_files.recordings import remux
from satark_files.recordings.ffmpeg import CONTAINERS, describe, find_program
from satark_files.recordings.stream_metadata import rules_for
from satark_files.scrubber import DISGUISE_JOB, LOOKS_JOB, MUTE_JOB, ORIGIN_JOB, PREVIEW_JOB, Scrubber, Unclean
from satark_files.sniff import sniff_file
from support.evidence.documents import DOCUMENTS, unpacked
from support.evidence.images import IMAGES, ORIENTATION
from support.evidence.markers import HINDI, LATITUDE, MARKER_BYTES, SHOWN
from support.evidence.recordings import RECORDINGS
from support.evidence.specimens import specimen_names
from support.evidence.unusual import UNUSUAL

IMAGE_NAMES, RECORDING_NAMES = specimen_names(IMAGES), specimen_names(RECORDINGS)
DOCUMENT_NAMES = specimen_names(DOCUMENTS)
NAMES = specimen_names()
UNMARKED = {"amr", "awb", "wmv", "wma", "txt"}
"""Specimens without a marker that the search can find: their container takes no tags, or encodes them differently."""
LOSSLESS = [name for name in IMAGE_NAMES if name.partition("-")[0] in ("jpg", "png", "webp", "gif", "tif")]
SCRUBBERS: Sequence[Scrubber] = builtin_scrubbers()

# What exiftool reports of the image, its encoding or the file system, and not of its maker.
NO_DATES = ("0000:00:00", "1970:01:01", "1980:01:01")
HARMLESS_GROUPS = {"File", "System", "ExifTool", "Composite"}


def scrubber_for(path: Path) -> Scrubber:
    return next(one for one in SCRUBBERS if sniff_file(path) in one.mimes)


def clean(source: Path, folder: Path, limits: Limits) -> Path:
    target = folder / f"clean{source.suffix}"
    mime = scrubber_for(source).scrub(source, target, limits)
    assert sniff_file(target) == mime
    return target


@pytest.fixture(scope="module")
def copy(
    make: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory, limits: Limits
) -> Callable[[str], Path]:
    """Return the clean copy of a specimen, which is made once."""
    return cache(lambda name: clean(make(name), tmp_path_factory.mktemp("clean"), limits))


@pytest.fixture(scope="module")
def reports(copy: Callable[[str], Path]) -> Mapping[str, Mapping[str, Any]]:
    """Return what exiftool says of the clean copy of each specimen. It starts once: that takes longer than a file."""
    copies = {str(copy(name)): name for name in NAMES}
    options = ("-json", "-a", "-u", "-U", "-ee3", "-G1", "-n", "-api", "largefilesupport=1")
    done = subprocess.run([shutil.which("exiftool") or "", *options, *copies], check=False, capture_output=True)
    return {copies[report["SourceFile"]]: report for report in json.loads(done.stdout)}


def markers(data: bytes) -> list[bytes]:
    """Return the markers in the data, in any encoding that metadata uses."""
    values = [MARKER_BYTES, str(LATITUDE).encode(), b"creation_time"]
    encoded = [encoding for word in values for encoding in (word, word.decode().encode("utf-16-le"))]
    return [word for word in encoded if word.lower() in data.lower()]


def framehash(path: Path, *options: str) -> list[str]:
    """Return a hash of every packet (or, with options, of every decoded frame) of the first video and audio stream."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    maps = ("-map", "0:V:0?", "-map", "0:a:0?")
    command = [program, "-v", "error", "-i", str(path), *maps, *options, "-f", "framehash", "-"]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [",".join(line.split(",")[::5]) for line in out.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", NAMES)
def test_no_marker_survives(name: str, make: Callable[[str], Path], copy: Callable[[str], Path]) -> None:
    source = make(name)
    marked = markers(unpacked(source.read_bytes()))
    assert marked or name in UNMARKED, "the specimen has no marker: the test proves nothing"
    assert markers(unpacked(copy(name).read_bytes())) == []


def test_every_cleaned_type_has_a_specimen() -> None:
    cleaned = {mime for scrubber in SCRUBBERS for mime in scrubber.mimes}
    specimens = {*IMAGES, *RECORDINGS, *UNUSUAL, *DOCUMENTS}
    jobs = {DISGUISE_JOB, LOOKS_JOB, MUTE_JOB, PREVIEW_JOB, ORIGIN_JOB}
    assert cleaned - specimens == {"application/vnd.oasis.opendocument.graphics", *jobs}
    assert len(specimens) >= 36


@pytest.mark.needs("exiftool")
@pytest.mark.parametrize("name", NAMES)
def test_exiftool_finds_no_metadata_of_the_maker(name: str, reports: Mapping[str, Mapping[str, Any]]) -> None:
    facts = {key: value for key, value in reports[name].items() if key.partition(":")[0] not in HARMLESS_GROUPS}
    assert markers(repr(facts).encode()) == []
    named = (
        "GPS",
        "Serial",
        "Owner",
        "Artist",
        "Author",
        "Make",
        "Model",
        "Comment",
        "Thumbnail",
        "Software",
        "XMP",
        "Creator",
        "Producer",
        "Company",
    )
    assert [key for key in facts if any(word in key.partition(":")[2] for word in named)] == []
    assert [key for key, value in facts.items() if "Date" in key and not str(value).startswith(NO_DATES)] == []


def test_the_search_finds_markers_that_a_broken_scrubber_leaves(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jpeg, "NEEDED", jpeg.NEEDED | {0xFE})
    monkeypatch.setattr(jpeg, "used_only", lambda segments: segments)  # it lets no comment through either
    assert markers(clean(make("jpg"), tmp_path, limits).read_bytes()) != []


def test_a_remux_that_lets_tags_through_is_refused(
    make: Callable[[str], Path], tmp_path: Path, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remux, "_NO_TAGS", ("-dn", "-sn", "-c", "copy"))
    accepted = []
    for name in ("mp4", "mov", "mkv", "webm", "opus", "flac", "m4a", "wav", "avi"):
        with contextlib.suppress(Unclean):
            clean(make(name), tmp_path, limits)
            accepted.append(name)
    assert accepted == []


@pytest.mark.parametrize("name", LOSSLESS)
def test_every_pixel_stays(name: str, make: Callable[[str], Path], copy: Callable[[str], Path]) -> None:
    with Image.open(make(name)) as before, Image.open(copy(name)) as after:
        mode = "RGB" if name == "gif" else before.mode
        old = [frame.convert(mode).tobytes() for frame in ImageSequence.Iterator(before)]
        new = [frame.convert(mode).tobytes() for frame in ImageSequence.Iterator(after)]
        assert (before.size, len(old)) == (after.size, len(new))
        assert old == new


@pytest.mark.parametrize("name", ["jpg", "jpg-progressive", "jpg-cmyk", "png", "webp"])
def test_the_orientation_is_the_only_exif_field_that_stays(name: str, copy: Callable[[str], Path]) -> None:
    with Image.open(copy(name)) as after:
        assert dict(after.getexif()) == {0x0112: ORIENTATION}
        assert ImageOps.exif_transpose(after).size == (after.height, after.width)


@pytest.mark.parametrize("name", ["avif", "heic"])
def test_heic_and_avif_become_an_upright_jpeg(name: str, copy: Callable[[str], Path]) -> None:
    with Image.open(copy(name)) as after:
        assert after.format == "JPEG"
        assert dict(after.getexif()) == {}
        after.load()


def test_an_animation_keeps_its_frame_durations(copy: Callable[[str], Path]) -> None:
    with Image.open(copy("gif")) as after:
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(after)] == [120, 240]


@pytest.mark.parametrize("name", RECORDING_NAMES)
def test_every_packet_stays(name: str, make: Callable[[str], Path], copy: Callable[[str], Path]) -> None:
    source, kept = make(name), copy(name)
    container = CONTAINERS[sniff_file(source)]
    report = describe(find_program(), container, source) if container.has_video else b""
    compared = rules_for(report).compared
    if name != "aac":  # its encoder writes its version between the samples, which is blanked
        assert framehash(source, "-c", "copy", *compared) == framehash(kept, "-c", "copy", *compared)
    if name != "mp3":  # a player trims silence by the LAME tag, which names the encoder and is gone
        assert framehash(source) == framehash(kept)


@pytest.mark.parametrize("name", ["mp4", "mp4-hevc", "mov", "mkv", "ts"])
def test_the_name_of_the_encoder_is_removed(
    name: str, make: Callable[[str], Path], copy: Callable[[str], Path]
) -> None:
    assert re.search(rb"x26[45]", make(name).read_bytes())
    assert not re.search(rb"x26[45]", copy(name).read_bytes())


@pytest.mark.parametrize("name", DOCUMENT_NAMES)
def test_the_visible_text_of_a_document_stays(name: str, copy: Callable[[str], Path]) -> None:
    content = unpacked(copy(name).read_bytes())
    if name == "pdf-layers":  # what it shows depends on the reader's settings: its pages are rasterized
        assert SHOWN.encode() not in content
        return
    assert SHOWN.encode() in content
    assert HINDI.encode() in content or name in ("pdf", "pdf-grown", "vcf")


def test_a_rotated_video_stays_rotated(copy: Callable[[str], Path]) -> None:
    assert "rotation of 90" in remux.RemuxScrubber()._inspect(copy("mp4-turned"), CONTAINERS["video/mp4"])[1]


def test_a_recording_over_the_limit_is_refused(make: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="too-long"):
        clean(make("mp3"), tmp_path, Limits(seconds=0))


@pytest.mark.parametrize("name", IMAGE_NAMES)
def test_an_image_over_the_limit_is_refused(name: str, make: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(Unclean, match="too-many-pixels"):
        clean(make(name), tmp_path, Limits(pixels=1000, photo_pixels=1000))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("amr", "awb", "aac", "mp3")])
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
        assert markers(unpacked(copy.read_bytes())) == []
