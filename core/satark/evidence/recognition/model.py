"""Models of sherpa-onnx as their folders hold them (a CTC model, a transducer or a Whisper), and what they are asked.

Any name is right as long as it tells the part, as those of published models do: `tokens.txt` and `model.int8.onnx`;
`encoder-….onnx`, `decoder-….onnx` and, of a transducer, `joiner-….onnx`. Where a part is there twice, the quantised one
(`int8`) is taken: it is three times as fast.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from pathlib import Path


CHUNK_SECONDS: Final = 25
"""Seconds of sound that a model gets at once, at most: a Whisper hears 30."""
RATE: Final = 16_000
"""Samples a second that every model is made for."""


class ModelError(Exception):
    """A folder holds no model; the message says what is missing, and nothing of a recording."""


class ModelFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a model: `ctc` alone, or `encoder` and `decoder` and perhaps `joiner`."""

    tokens: str
    ctc: str = ""
    encoder: str = ""
    decoder: str = ""
    joiner: str = ""


def find_files(folder: Path) -> ModelFiles:
    """Find the files of the model in a folder.

    Raises:
        ModelError: there is no such folder, or a file is missing.
    """
    if not folder.is_dir():
        raise ModelError("is no folder")
    tokens = next(iter(sorted(folder.glob("*tokens.txt"))), None)
    if tokens is None:
        raise ModelError("has no tokens.txt")
    parts = {part: _part(folder, part) for part in ("encoder", "decoder", "joiner")}
    if parts["encoder"] and parts["decoder"]:
        return ModelFiles(tokens=str(tokens), **parts)
    if ctc := _part(folder, "model"):
        return ModelFiles(tokens=str(tokens), ctc=ctc)
    raise ModelError("has neither model.onnx nor encoder and decoder")


def load(files: ModelFiles, language: str, threads: int) -> Any:
    """Load a model into sherpa-onnx.

    Raises:
        ModuleNotFoundError: sherpa-onnx is not installed.
        RuntimeError: the files are damaged, or of a kind that it does not know.
    """
    from sherpa_onnx import OfflineRecognizer  # noqa: PLC0415 - in the recogniser's process alone: 40 MB

    if files.ctc:
        return OfflineRecognizer.from_nemo_ctc(model=files.ctc, tokens=files.tokens, num_threads=threads)
    parts = {"encoder": files.encoder, "decoder": files.decoder, "tokens": files.tokens, "num_threads": threads}
    if files.joiner:
        return OfflineRecognizer.from_transducer(joiner=files.joiner, **parts)
    return OfflineRecognizer.from_whisper(language=language, **parts)


def _part(folder: Path, name: str) -> str:
    found = sorted(folder.glob(f"*{name}*.onnx"), key=lambda path: ("int8" not in path.name, path.name))
    return str(found[0]) if found else ""


_LONGEST: Final = CHUNK_SECONDS * RATE
_SEARCHED: Final = 5 * RATE
"""Samples at the end of a chunk among which the quiet place is looked for."""
_FRAME: Final = RATE // 10


def chunks(sound: array[int]) -> Iterator[array[int]]:
    """Yield the samples (16 bits, one channel, `RATE`) in chunks of at most `CHUNK_SECONDS`; none is left out."""
    at = 0
    while len(sound) - at > _LONGEST:
        cut = _quietest(sound, at + _LONGEST - _SEARCHED, at + _LONGEST)
        yield sound[at:cut]
        at = cut
    if at < len(sound):
        yield sound[at:]


def _quietest(sound: array[int], begin: int, end: int) -> int:
    frames = range(begin, end - _FRAME + 1, _FRAME)
    return min(frames, key=lambda frame: sum(map(abs, sound[frame : frame + _FRAME]))) + _FRAME // 2


Fault: TypeAlias = Literal["package", "model", "isolation", "sound"]
"""sherpa-onnx is not installed; the model does not load; the system forbids isolation; the recording has no sound."""


class DraftRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be transcribed, with which model, and what that may take."""

    model: str
    """Folder of the model."""
    language: str
    recording: str = ""
    """The file, alone in its folder; empty: the model is only loaded."""
    ffmpeg: str = ""
    threads: int = 1
    seconds: float = 300
    memory_bytes: int = 1 << 32
    weakly: bool = False
    """Whether it runs even where the system forbids a part of the isolation."""


class DraftReply(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, or why that can't be told."""

    text: str = ""
    language: str = ""
    """The language that it was taken for."""
    fault: Fault | None = None
