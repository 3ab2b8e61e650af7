"""Models of sherpa-onnx as their folders hold them: a CTC model, a transducer or a Whisper.

Any name is right as long as it tells the part, as those of published models do: `tokens.txt` and `model.int8.onnx`;
`encoder-….onnx`, `decoder-….onnx` and, of a transducer, `joiner-….onnx`. Where a part is there twice, the quantised one
(`int8`) is taken: it is three times as fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
