"""Prepares films that ffmpeg can't copy as they are.

- A film that was trimmed on the phone still holds the parts that were cut: an edit list hides them. Such a film is
encoded again, with only the shown parts, which takes about half of its playing time in Full HD.
- Old phones put several frames of sound (AMR) into one sample, which ffmpeg reads but doesn't write.
- A recorder that lost its power has not written the sizes of a long WAV file: its sound reaches to the end. A long file
  (more than 4 GB: RF64, EBU Tech 3306) has its sizes in a chunk of its own, and ffmpeg takes zeros there for the size.

`percent_present` returns how much of its declared size a recording has: a WAV, AVI, AIFF or Sun file.
"""

import re
import shutil
from pathlib import Path
from typing import Final, Literal

from satark_files.recordings import ffmpeg
from satark_files.recordings.ffmpeg import Container

_HIDDEN: Final = re.compile(rb", F=0x[4-7]\b")
"""ffmpeg's flag for a packet that is read only to decode others (`AV_PKT_FLAG_DISCARD`)."""
_NOTHING_ELSE: Final = ("-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1")
_EVEN: Final = "pad=ceil(iw/2)*2:ceil(ih/2)*2,format=yuv420p"
_ANEW: Final = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-vf", _EVEN, "-c:a", "aac", "-b:a", "160k")


def list_packets(listed: Path) -> tuple[str, ...]:
    """Return the options with which ffmpeg lists the packets of a film while it reads it."""
    return ("-map", "0:V:0", "-c", "copy", "-f", "framecrc", f"file:{listed}")


def hides_frames(listed: Path) -> bool:
    """Whether a list of packets has packets that a player does not show."""
    return bool(_HIDDEN.search(listed.read_bytes()))


def encode_shown(program: str, container: Container, source: Path, shown: Path) -> None:
    """Encode a film again, with only the frames that a player shows.

    Raises:
        Unclean: the film does not decode.
    """
    streams = ("-map", "0:V:0", "-map", "0:a:0?", *_NOTHING_ELSE)
    ffmpeg.run(program, "error", *container.read(source), *streams, *_ANEW, *container.write(shown))


def split_frames(program: str, container: Container, source: Path, split: Path) -> None:
    """Write a film anew, with one frame of sound (AMR) in each sample.

    Raises:
        Unclean: the film can't be read.
    """
    frames = split.with_name(f"{split.name}.amr")
    ffmpeg.run(program, "error", *container.read(source), "-map", "0:a:0", "-c", "copy", "-f", "amr", f"file:{frames}")
    streams = ("-map", "0:V:0?", "-map", "1:a:0", *_NOTHING_ELSE, "-c", "copy")
    inputs = ("-noautorotate", *container.read(source), "-f", "amr", "-i", f"file:{frames}")
    ffmpeg.run(program, "error", *inputs, *streams, *container.write(split))


def read_to_end(_: str, __: Container, source: Path, unsized: Path) -> None:
    """Write a long WAV file (RF64) as a short one of unknown size, which ffmpeg reads to its end."""
    shutil.copyfile(source, unsized)
    with unsized.open("r+b") as file:
        file.write(b"RIFF")


_HEAD: Final = 28
_LONG: Final = (b"RF64", b"BW64")
_LONG_SIZE: Final = slice(20, 28)
"""Offset of the file's size, within the first chunk."""
_UNKNOWN: Final = frozenset({0, 0xFFFFFFFF})
"""Sizes that programs write while they do not know the size yet."""
_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"RIFF": "little", b"FORM": "big"}


def percent_present(path: Path) -> int:
    """Return the percentage of its declared size that a file has; 100 if it declares no size."""
    with path.open("rb") as file:
        head = file.read(_HEAD).ljust(_HEAD, b"\0")
    if head.startswith(_LONG):
        begin, size = 8, int.from_bytes(head[_LONG_SIZE], "little")
    elif order := _ORDERS.get(head[:4]):
        begin, size = 8, int.from_bytes(head[4:8], order)
    else:
        return 100
    return 100 if size in _UNKNOWN else min(100, 100 * path.stat().st_size // (begin + size))


def has_no_sizes(path: Path) -> bool:
    """Whether this is a WAV file of more than 4 GB whose sizes were never written."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head.startswith(_LONG) and not any(head[_LONG_SIZE])
