"""The inputs that the fuzzer begins with: a target's own, and the kept ones below `tests/support/fuzz/corpora`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from support.fuzz.target import Target

CORPORA: Final = Path("tests/support/fuzz/corpora")
"""Where kept inputs lie: a folder for each target, from the root of the project."""


def corpus_of(name: str, target: Target, folder: Path = CORPORA) -> list[bytes]:
    """Return the inputs of a target: its own seeds, then the kept ones in the order of their names."""
    return [*target.seeds(), *kept_inputs(name, folder)]


def kept_inputs(name: str, folder: Path = CORPORA) -> Sequence[bytes]:
    """Return the kept inputs of a target."""
    return [path.read_bytes() for path in sorted((folder / name).glob("*"))]


def keep_fault(name: str, fault: str, data: bytes, folder: Path = CORPORA) -> None:
    """Keep an input that found a fault, so that the tests try it again."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / fault).write_bytes(data)
