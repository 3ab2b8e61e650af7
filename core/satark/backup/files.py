"""Sealed files in a backup. Each file is copied once, since it never changes, and removed when its tip is erased.

The files are already encrypted to their tips' keys, so they are copied unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from satark.backup.folder import SUMS, private
from satark.backup.sealed_stream import measure
from satark.store.sealed_files import PART, forget_exact_times
from satark_files import atomic_files

if TYPE_CHECKING:
    from pathlib import Path

_HEAD: Final = 4096
"""Number of first bytes by which two encryptions of one content differ: an age header has a fresh key and a MAC."""
_STEP: Final = 1 << 18


def copy_new(source: Path, target: Path, names: Iterable[str]) -> tuple[int, int]:
    """Copy every form of these files that the target lacks; return how many were copied, and their bytes."""
    copied = copied_bytes = 0
    sums = _read_sums(target)
    wanted = set(names)
    for path in _sealed(source, wanted.__contains__):
        there = target / path.name
        try:
            if path.name in sums and there.exists() and _same(path, there):
                continue
            sums[path.name] = _copy(path, there)
        except FileNotFoundError:  # erased meanwhile: its tip is on the list of erased tips
            continue
        copied, copied_bytes = copied + 1, copied_bytes + there.stat().st_size
    _write_sums(target, sums)
    return copied, copied_bytes


def remove_erased(target: Path, is_erased: Callable[[str], bool]) -> int:
    """Remove the files of erased tips from a backup; return how many. `is_erased` takes a tip's id."""
    gone = list(_sealed(target, lambda name: is_erased(name.rpartition("-")[0])))
    for path in gone:
        path.unlink()
    names = {path.name for path in gone}
    _write_sums(target, {name: digest for name, digest in _read_sums(target).items() if name not in names})
    return len(gone)


def restore_files(source: Path, target: Path, names: Iterable[str]) -> tuple[int, list[str]]:
    """Copy these files out of a backup; return how many, and the names of those that are missing or altered."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    sums, wanted = _read_sums(source), set(names)
    copied, damaged = 0, []
    for path in _sealed(source, wanted.__contains__):
        if _copy(path, target / path.name) != sums.get(path.name):
            (target / path.name).unlink()
            damaged.append(path.name)
        else:
            forget_exact_times(target / path.name)
            copied += 1
    return copied, damaged


def damaged_files(folder: Path) -> list[str]:
    """Return the names of files that are missing or differ from their list. Reads all files."""
    return [
        name
        for name, digest in sorted(_read_sums(folder).items())
        if not (folder / name).is_file() or measure(folder / name).sha256 != digest
    ]


def _sealed(folder: Path, wanted: Callable[[str], bool]) -> Iterator[Path]:
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in found:
        if path.suffix == ".age" and not path.name.endswith(PART) and wanted(path.name.partition(".")[0]):
            yield path


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as a, other.open("rb") as b:
        return one.stat().st_size == other.stat().st_size and a.read(_HEAD) == b.read(_HEAD)


def _copy(source: Path, target: Path) -> str:
    """Copy a file in place of any file of that name; return the SHA-256 of the bytes that were read."""
    digest = hashlib.sha256()
    part = target.with_name(f"{target.name}{PART}")
    with source.open("rb") as file, open(part, "wb", opener=private) as out:
        while chunk := file.read(_STEP):
            digest.update(chunk)
            out.write(chunk)
    part.replace(target)
    return digest.hexdigest()


def _read_sums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / SUMS).read_text("ascii", "replace").splitlines()  # a damaged name is one of no file
    except FileNotFoundError:
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _write_sums(folder: Path, sums: dict[str, str]) -> None:
    """Write the list, as `sha256sum --check` reads it."""
    atomic_files.replace(folder / SUMS, [f"{digest}  {name}\n".encode() for name, digest in sorted(sums.items())])
