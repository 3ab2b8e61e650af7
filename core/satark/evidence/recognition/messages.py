"""What the desk's process and the recogniser's send each other: one request, one reply."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Fault: TypeAlias = Literal["package", "model", "isolation", "sound"]
"""sherpa-onnx is not installed; the model does not load; the system forbids isolation; the recording has no sound."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
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


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, or why that can't be told."""

    text: str = ""
    language: str = ""
    """The language that it was taken for."""
    fault: Fault | None = None
