"""Searches the memory of running processes, as a person who takes over or freezes a machine could."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-32-le")
"""The encodings in which Python and its libraries hold text."""
_CHUNK: Final = 1 << 24


def processes_of(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for one in found:  # it grows meanwhile
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def count_in_memory(pid: int, texts: Mapping[str, Collection[str]]) -> Counter[str]:
    """Count by name how often one of these texts stands in a process's memory, in any encoding."""
    needles = [(name, text.encode(code)) for name, many in texts.items() for text in many for code in _ENCODINGS]
    counts: Counter[str] = Counter()
    for chunk in _chunks(pid, max(len(needle) for _, needle in needles)):
        for name, needle in needles:
            if found := chunk.count(needle):
                counts[name] += found
    return counts


def _chunks(pid: int, overlap: int) -> Iterator[bytes]:
    """Read what a process may write to: what it only reads is its program."""
    with contextlib.suppress(OSError), Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, flags, *_ = line.split()
            start, end = (int(one, 16) for one in span.split("-"))
            if not flags.startswith("rw"):
                continue
            for at in range(start, end, _CHUNK):
                with contextlib.suppress(OSError):  # it was unmapped meanwhile
                    memory.seek(at)
                    yield memory.read(min(_CHUNK + overlap, end - at))
