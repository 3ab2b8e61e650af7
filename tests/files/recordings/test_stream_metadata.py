"""User data of MPEG video are overwritten in place, except the mark of the encoder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from satark_files.recordings import stream_metadata
from satark_files.recordings.stream_metadata import holds_metadata
from satark_files.scrubber import Unclean
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import decoded_hash, ffmpeg

Clean = Callable[[Path], Path]
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.6", "-pix_fmt", "yuv420p")


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("container", ["3gp", "mp4", "mov", "mkv", "avi"])
def test_user_data_of_mpeg_4_video_becomes_spaces(container: str, tmp_path: Path, cleaned: Clean) -> None:
    source = tmp_path / f"video.{container}"
    ffmpeg(*VIDEO, "-c:v", "mpeg4", source)
    marked = re.compile(rb"(\x00\x00\x01\xb2)Lavc[\d.]+")
    data, count = marked.subn(
        lambda found: found[1] + MARKER_BYTES.ljust(len(found[0]) - 4, b"\x07"), source.read_bytes()
    )
    source.write_bytes(data)
    assert count
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


def test_the_mark_of_the_encoder_stays() -> None:
    stream = b"\0\0\1\xb2Lavc63.1.100\0\0\1\xb2XviD0050\0\0\1\xb2DivX503b1393p\0\0\1\xb6picture"
    assert stream_metadata.find_user_data(stream) == set()
    assert stream_metadata.find_user_data(stream + b"\0\0\1\xb2XviD0050 " + MARKER_BYTES) == {
        b"XviD0050 " + MARKER_BYTES
    }


@pytest.mark.slow("a third of a second of a processor")
def test_user_data_that_differ_with_every_frame_need_one_pass(tmp_path: Path) -> None:
    """Twenty thousand passes over forty megabytes would take hours."""
    user_data = [MARKER_BYTES + b"-%d" % number for number in range(20_000)]
    path = tmp_path / "video"
    path.write_bytes(b"".join(b"\0\0\1\xb2" + one + b"\0\0\1\xb6" + b"p" * 2_000 for one in user_data))
    size = path.stat().st_size
    stream_metadata.blank_user_data(path, stream_metadata.find_user_data(path.read_bytes()))
    assert MARKER_BYTES not in path.read_bytes()
    assert path.stat().st_size == size


SOUND = bytes(range(1, 256)) * 9
TAGS = {
    "aiff": b"ID3 \0\0\0\x20ID3\4\0\0\0\0\0\x16TIT2\0\0\0\x0c\0\0\3" + MARKER_BYTES + b"-name",
    "wav": b"LIST\x1c\0\0\0INFOIART\x10\0\0\0" + MARKER_BYTES.ljust(16, b"\0"),
}


def damaged(kind: str, missing: int, tags: bytes, excess: int = 0) -> bytes:
    """Return a file without this many bytes of its sound, whose sound chunk still claims all and `excess` more."""
    order: Literal["big", "little"] = "big" if kind == "aiff" else "little"
    size = (len(SOUND) + excess).to_bytes(4, order)
    if kind == "aiff":
        size = (len(SOUND) + 9 + excess).to_bytes(4)  # offset, block size, and a byte that makes it even
        rate = b"\x40\x0e\xac\x44\0\0\0\0\0\0"  # 44,100 as an 80-bit number
        frames = (len(SOUND) // 2).to_bytes(4)
        head = b"AIFFCOMM\0\0\0\x12\0\1" + frames + b"\0\x10" + rate + b"SSND" + size + bytes(8)
    else:
        head = b"WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data" + size
    body = head + (SOUND + b"\1")[: len(SOUND) + 1 - missing] + tags
    return (b"FORM" if kind == "aiff" else b"RIFF") + len(body).to_bytes(4, order) + body


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize(("missing", "excess"), [(16, 0), (60, 0), (400, 0), (0, 60), (0, 1 << 20)])
@pytest.mark.parametrize("kind", TAGS)
def test_sound_that_reaches_into_the_tags_is_damaged(
    kind: str, missing: int, excess: int, tmp_path: Path, cleaned: Clean
) -> None:
    source = tmp_path / f"sound.{kind}"
    source.write_bytes(damaged(kind, missing, TAGS[kind], excess))
    with pytest.raises(Unclean, match="damaged"):
        cleaned(source)


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize(("missing", "tags"), [(0, "tags"), (0, ""), (400, "")])
@pytest.mark.parametrize("kind", TAGS)
def test_a_whole_file_and_one_that_only_ends_early_are_both_cleaned(
    kind: str,
    missing: int,
    tags: str,
    tmp_path: Path,
    cleaned: Clean,
) -> None:
    source = tmp_path / f"sound.{kind}"
    source.write_bytes(damaged(kind, missing, TAGS[kind] if tags else b""))
    copy = cleaned(source).read_bytes()
    assert MARKER_BYTES not in copy
    assert SOUND[: len(SOUND) - missing - 2] in copy


@pytest.mark.parametrize("at", [0, 3, (1 << 20) - 4, (1 << 20) + 1, 2_000_000])
def test_a_tag_is_found_wherever_it_begins(at: int, tmp_path: Path) -> None:
    file = tmp_path / "sound"
    for mime, head in (("audio/aiff", b"NAME\0\0\1\0"), ("audio/wav", b"bext\x5a\2\0\0")):
        file.write_bytes(b"\x55" * at + head)
        assert holds_metadata(mime, file)
        file.write_bytes(b"\x55" * at + head[:-1])
        assert not holds_metadata(mime, file)


def test_samples_that_spell_a_chunk_name_count_as_sound(tmp_path: Path) -> None:
    file = tmp_path / "sound"
    file.write_bytes(b"LISTLISTNAMENAMEID3 ID3 " * 1000)
    assert not any(holds_metadata(mime, file) for mime in stream_metadata.MIMES)


Make = Callable[[str], Path]


@pytest.mark.parametrize("container", ["webm", "mkv"])
@pytest.mark.parametrize("name", ["ogg", "ogv"])
def test_comments_are_blanked_in_other_containers(
    name: str, container: str, make: Make, tmp_path: Path, cleaned: Clean
) -> None:
    if (name, container) == ("ogv", "webm"):
        return
    source = tmp_path / f"video.{container}"
    video = () if name == "ogv" else (*VIDEO, "-c:v", "libvpx", "-map", "1", "-map", "0:a")
    ffmpeg("-i", make(name), *video, "-c:a", "copy", *(("-c:v", "copy") if name == "ogv" else ()), source)
    head = source.read_bytes()
    comments = head.index(b"\x03vorbis") + 11  # ffmpeg carries no comments over here: plant some
    size = int.from_bytes(head[comments - 4 : comments], "little")
    source.write_bytes(head[:comments] + (MARKER_BYTES * 9)[:size] + head[comments + size :])
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize("container", ["mp4", "mkv", "webm"])
def test_messages_between_the_frames_of_av1_are_removed(container: str, tmp_path: Path, cleaned: Clean) -> None:
    plain, marked, source = tmp_path / "plain.obu", tmp_path / "marked.obu", tmp_path / f"film.{container}"
    ffmpeg(*VIDEO, "-c:v", "libaom-av1", "-cpu-used", "8", "-f", "obu", plain)
    message = b"\x04\xb5" + MARKER_BYTES + b"\x80"  # ITU-T T.35
    delimiter = b"\x12\0"
    marked.write_bytes(plain.read_bytes().replace(delimiter, delimiter + b"\x2a" + bytes([len(message)]) + message))
    ffmpeg("-f", "obu", "-i", marked, "-c", "copy", source)
    assert MARKER_BYTES in source.read_bytes()
    copy = cleaned(source)
    assert MARKER_BYTES not in copy.read_bytes()
    assert decoded_hash(copy) == decoded_hash(source)


@pytest.mark.slow("ffmpeg")
@pytest.mark.parametrize(("container", "codec"), [("mov", "png"), ("mkv", "png"), ("avi", "tiff"), ("avi", "rawvideo")])
def test_a_film_of_pictures_that_may_have_tags_is_not_cleaned(
    container: str, codec: str, tmp_path: Path, cleaned: Clean
) -> None:
    """In AVI, ffmpeg takes pictures of a type that it does not know for raw ones."""
    ffmpeg(*VIDEO, "-c:v", codec, tmp_path / f"film.{container}")
    with pytest.raises(Unclean, match="unsupported"):
        cleaned(tmp_path / f"film.{container}")


@pytest.mark.slow("ffmpeg")
def test_the_parameters_of_a_film_in_matroska_stay(tmp_path: Path, cleaned: Clean) -> None:
    """Such units of H.264 with ten bits looked like the configuration record of H.265."""
    ffmpeg(*VIDEO[:4], "-c:v", "libx264", "-pix_fmt", "yuv420p10le", tmp_path / "film.mkv")
    assert decoded_hash(cleaned(tmp_path / "film.mkv")) == decoded_hash(tmp_path / "film.mkv")
