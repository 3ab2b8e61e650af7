"""The inputs with which the fuzzer starts: a target's seeds, and stored inputs below `tests/support/fuzz/corpora`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from support.fuzz.target import Target

CORPORA: Final = Path("tests/support/fuzz/corpora")
"""The folder of stored inputs, with one folder per target, from the root of the project."""


def corpus_of(name: str, target: Target, folder: Path = CORPORA) -> list[bytes]:
    """Return the inputs of a target: its seeds, then the stored inputs in the order of their names."""
    return [*target.seeds(), *kept_inputs(name, folder)]


def kept_inputs(name: str, folder: Path = CORPORA) -> Sequence[bytes]:
    """Return the stored inputs of a target."""
    return [path.read_bytes() for path in sorted((folder / name).glob("*"))]


def keep_fault(name: str, fault: str, data: bytes, folder: Path = CORPORA) -> None:
    """Store an input that found a fault, so that the tests try it again."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / fault).write_bytes(data)
