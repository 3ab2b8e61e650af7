"""Comments of Vorbis and Theora inside containers other than Ogg."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import decoded_hash, ffmpeg

Make = Callable[[str], Path]
Clean = Callable[[Path], Path]
VIDEO = ("-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=0.6", "-pix_fmt", "yuv420p")


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
