"""Finds and loads sherpa-onnx models (CTC, transducer or Whisper), and defines the recogniser's request and reply.

Each file's name must contain the name of its part, as in published models: `tokens.txt` and `model.int8.onnx`;
`encoder-….onnx`, `decoder-….onnx` and, for a transducer, `joiner-….onnx`. If a folder has a part twice, the quantised
file (`int8`) is used, because it is three times as fast.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

CHUNK_SECONDS: Final = 25
"""Most seconds of sound that a model gets at once: a Whisper model takes 30."""
RATE: Final = 16_000
"""Samples per second that every model expects."""


class ModelError(Exception):
    """A folder holds no model. The message says what is missing, and nothing about a recording."""


class ModelFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The files of a model: `tokens` with `ctc`, or with `encoder`, `decoder` and, for a transducer, `joiner`."""

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
        RuntimeError: the files are damaged, or of a kind that sherpa-onnx does not know.
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
"""Number of samples at the end of a chunk in which the quietest place is searched, to cut the sound there."""
_FRAME: Final = RATE // 10


def chunks(sound: array[int]) -> Iterator[array[int]]:
    """Yield the samples (16 bits, one channel, `RATE`) in chunks of at most `CHUNK_SECONDS`; no sample is left out."""
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
"""Why there is no draft: no sherpa-onnx, a model that does not load, no isolation, or a recording without sound."""


class DraftRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The recording to transcribe, the model to use, and limits on time and memory."""

    model: str
    language: str
    recording: str = ""
    """Path of the recording, the only file in its folder; empty if the model is only to be loaded."""
    ffmpeg: str = ""
    threads: int = 1
    seconds: float = 300
    memory_bytes: int = 1 << 32
    weakly: bool = False
    """Whether the process runs even if the system forbids a part of the isolation."""


class DraftReply(msgspec.Struct, frozen=True, kw_only=True):
    """The words of a recording, or the reason why there are none."""

    text: str = ""
    language: str = ""
    """The language in which the recording was heard."""
    fault: Fault | None = None
