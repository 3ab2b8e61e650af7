"""Compares our cleaners with exiftool and mat2 over some 700 files of more than 240 kinds: `make evidence-bench`.

Each file, which has a marker in every place that its format has for metadata, goes in three times: as it was made,
with something appended, and cut short. Of each tool are counted the copies that still have a marker (leaks), the files
without a copy (refusals), and the copies that show or play exactly what the original does, of those files that this
can be measured of. A tool that is not installed is left out, and that is said.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
import imageio_ffmpeg
import msgspec
from PIL import Image

from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.file_endings import ending_of
from satark_files.limits import MB, Limits
from satark_files.sniff import sniff_file
from satark_files.working_copies import clean_files
from support.evidence.corpus import FAMILIES, markers_in, planted
from support.evidence.markers import MARKER_BYTES
from support.evidence.recordings import decoded_hash
from support.evidence.specimens import specimen, specimen_names
from support.evidence.unusual import UNUSUAL

_VARIANTS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "made": lambda data: data,
    "appended": lambda data: data + MARKER_BYTES + b"-appended",
    "cut": lambda data: data[: len(data) * 9 // 10],
}


class Result(msgspec.Struct):
    """The results of a tool."""

    tool: str
    files: int = 0
    leaks: list[str] = msgspec.field(default_factory=list)
    refusals: list[str] = msgspec.field(default_factory=list)
    same: int = 0
    """Number of copies that show or play exactly what the original does."""
    measured: int = 0
    """Number of files with a copy for which that can be measured."""
    seconds: float = 0.0
    megabytes: float = 0.0


def make_files(folder: Path) -> list[Path]:
    """Make the files. Each has the extension of its type, which the other tools use to recognise it."""
    sources = [specimen(name, folder) for name in (*specimen_names(), *specimen_names(UNUSUAL))]
    named = [(one, one.suffix[1:], ending_of(sniff_file(one))) for one in sources]
    for kind in itertools.chain(*FAMILIES.values()):
        source = folder / f"planted.{kind}"
        source.write_bytes(planted(kind, folder))
        named.append((source, kind, f".{kind.partition('-')[0]}"))
    made = []
    (folder / "files").mkdir()
    for source, name, ending in named:
        for variant, change in _VARIANTS.items():
            if variant == "appended" and sniff_file(source) == "text/plain":
                continue  # what is appended to a text is a part of it
            made.append(folder / "files" / f"{name}-{variant}{ending}")
            made[-1].write_bytes(change(source.read_bytes()))
    return made


def _ours(files: list[Path], folder: Path) -> dict[Path, Path]:
    async def clean() -> dict[Path, Path]:
        results = clean_files(files, folder, Limits(), builtin_scrubbers())
        return {Path(one.file): Path(one.copy) async for one in results if one.copy}

    return asyncio.run(clean())


def _exiftool(files: list[Path], folder: Path) -> dict[Path, Path]:
    command = ["exiftool", "-q", "-q", "-all=", "-o", f"{folder}/", *map(str, files)]
    subprocess.run(command, check=False, capture_output=True)
    return {file: folder / file.name for file in files if (folder / file.name).exists()}


def _mat2(files: list[Path], folder: Path) -> dict[Path, Path]:
    """Clean with mat2, using Satark's ffmpeg. Without ffmpeg, mat2 refuses all films."""
    programs = folder / "programs"
    programs.mkdir()
    (programs / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    copies = [Path(shutil.copy(file, folder)) for file in files]
    command, path = ["mat2", *map(str, copies)], f"{programs}:{os.environ['PATH']}"
    subprocess.run(command, check=False, capture_output=True, env=os.environ | {"PATH": path})
    cleaned = {file: folder / f"{file.stem}.cleaned{file.suffix}" for file in files}
    return {file: copy for file, copy in cleaned.items() if copy.exists()}


_TOOLS: Final[Mapping[str, Callable[[list[Path], Path], dict[Path, Path]]]] = {
    "satark": _ours,
    "exiftool": _exiftool,
    "mat2": _mat2,
}


def compare(folder: Path) -> Iterator[Result]:
    """Yield the result of each tool that is installed."""
    files = make_files(folder)
    for tool, clean in _TOOLS.items():
        if tool != "satark" and shutil.which(tool) is None:
            continue
        own = folder / tool
        own.mkdir()
        began = time.perf_counter()
        copies = clean(files, own)
        seconds = time.perf_counter() - began
        result = Result(tool, len(files), seconds=seconds, megabytes=sum(one.stat().st_size for one in files) / MB)
        for file in files:
            _count(result, file, copies.get(file))
        yield result


def _count(result: Result, file: Path, copy: Path | None) -> None:
    if copy is None:
        result.refusals.append(file.name)
        return
    if markers_in(copy.read_bytes()):
        result.leaks.append(file.name)
    shown = _shown(file) if file.stem.endswith("-made") else ""
    if shown:
        result.measured += 1
        result.same += shown == _shown(copy)


def _shown(path: Path) -> str:
    """Return a hash of the decoded content of an image or a recording; empty if that can't be measured."""
    try:
        if sniff_file(path).startswith("image/"):
            with Image.open(path) as picture:
                return hashlib.sha256(picture.convert("RGBA").tobytes()).hexdigest()
        if sniff_file(path).startswith(("video/", "audio/")):
            return decoded_hash(path).decode()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return ""
    return ""


@click.command()
@click.option("--names", is_flag=True, help="Name the files that leak or are refused.")
def main(*, names: bool) -> None:
    """Compare our cleaners with exiftool and mat2."""
    click.echo(f"{'tool':10}{'files':>7}{'leaks':>7}{'refused':>9}{'the same':>12}{'MB/s':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for one in compare(Path(folder)):
            same = f"{one.same}/{one.measured}"
            speed = one.megabytes / one.seconds
            counts = f"{one.files:7}{len(one.leaks):7}{len(one.refusals):9}{same:>12}{speed:7.2f}"
            click.echo(f"{one.tool:10}{counts}")
            if names:
                click.echo(f"  leaks: {' '.join(one.leaks)}\n  refused: {' '.join(one.refusals)}")
    for tool in _TOOLS:
        if tool != "satark" and shutil.which(tool) is None:
            click.echo(f"{tool} is not installed here")


if __name__ == "__main__":
    main()
