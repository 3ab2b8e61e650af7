"""Benchmark of the evidence pipeline, by type of file: `python -m support.evidence.bench`, part of `make bench`.

Each type is compared with tools that do less, where they are installed and take it: `ffmpeg -c copy` for recordings,
`exiftool -all=`, mat2. None of them seals or makes a preview. The ratios mean more than the speeds, which depend on the
machine.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import click
import imageio_ffmpeg
import msgspec
from PIL import Image

from satark.api.sealing import new_identity
from satark.evidence.pipeline import process_file
from satark.store.workspace import workspace_dir
from satark_files.builtin_scrubbers import builtin_scrubbers
from satark_files.file_store import FolderStore
from satark_files.limits import MB, Limits
from satark_files.sandbox.sandbox import Sandbox

_CHUNK = 1 << 18
_VIDEO = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=12", "-f", "lavfi", "-i", "sine=f=440:d=12")
_MADE: dict[str, tuple[str, ...]] = {
    "video.mp4": (*_VIDEO, "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "11M", "-maxrate", "11M",
                 "-bufsize", "11M", "-x264-params", "nal-hrd=cbr:force-cfr=1", "-c:a", "aac", "-shortest"),
    "video.webm": ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=8", "-c:v", "libvpx", "-b:v", "6M", "-deadline",
                  "realtime", "-cpu-used", "8"),
    "voice.ogg": ("-f", "lavfi", "-i", "anoisesrc=d=40:a=0.2", "-c:a", "libopus", "-b:a", "64k"),
    "sound.mp3": ("-f", "lavfi", "-i", "anoisesrc=d=60:a=0.2", "-c:a", "libmp3lame", "-b:a", "192k"),
    "sound.wav": ("-f", "lavfi", "-i", "anoisesrc=d=30:a=0.2", "-c:a", "pcm_s16le"),
}  # fmt: skip
_DRAWN = {"photo.jpg": "JPEG", "photo.png": "PNG", "photo.webp": "WEBP", "photo.tif": "TIFF", "photo.pdf": "PDF"}


class Rival(NamedTuple):
    """Another tool that removes metadata, and how it is called for a file and the copy that it makes."""

    name: str
    command: Callable[[Path, Path], list[str]]


class Measurement(msgspec.Struct, frozen=True):
    """The speed of one type of file, beside that of other tools."""

    name: str
    megabytes: float
    speed: float
    """MB per second, from the stream to the sealed copies."""
    rivals: dict[str, float]
    """MB per second of each other tool that is installed and takes the type."""


def sample(name: str, folder: Path) -> Path:
    """Make one of the measured files, as large as the files that people send."""
    path = folder / name
    if name in _MADE:
        program = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([program, "-v", "error", "-y", *_MADE[name], str(path)], check=True)
    else:
        Image.effect_noise((2000, 1500), 60).convert("RGB").save(path, _DRAWN[name])
    return path


async def measure(folder: Path, runs: int, report: Callable[[Measurement], None]) -> None:
    """Measure every type and report the median of `runs` runs."""
    async with Sandbox(builtin_scrubbers()) as sandbox:
        for name in (*_MADE, *_DRAWN):
            path = sample(name, folder)
            times = [await process(path, folder, sandbox) for _ in range(runs + 1)][1:]
            size = path.stat().st_size / MB
            rivals = {rival.name: size / seconds for rival in _rivals(name) if (seconds := _time(rival, path, runs))}
            report(Measurement(name, size, size / statistics.median(times), rivals))


async def process(path: Path, folder: Path, sandbox: Sandbox) -> float:
    """Process a file, and return the seconds that it took."""
    began = time.perf_counter()
    file = await process_file(
        _chunks(path),
        recipient=new_identity()[0],
        store=FolderStore(folder / "sealed"),
        name="1",
        declared_mime="",
        limits=Limits(),
        sandbox=sandbox,
        workspace=workspace_dir(folder),
    )
    if file.problem:
        raise RuntimeError(f"{path.name}: {file.problem}")
    return time.perf_counter() - began


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _rivals(name: str) -> list[Rival]:
    copied = Rival("ffmpeg -c copy", _copy_streams)
    removed = Rival("exiftool -all=", lambda path, copy: ["exiftool", "-q", "-all=", "-o", str(copy), str(path)])
    mat2 = Rival("mat2", lambda path, _: ["mat2", "--unknown-members", "omit", str(path)])
    found = [rival for rival, tool in ((removed, "exiftool"), (mat2, "mat2")) if shutil.which(tool)]
    return [copied, *found] if name in _MADE else found


def _copy_streams(path: Path, copy: Path) -> list[str]:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    return [program, "-v", "error", "-y", "-i", str(path), "-map_metadata", "-1", "-c", "copy", str(copy)]


def _time(rival: Rival, path: Path, runs: int) -> float | None:
    """Return the seconds that the tool takes in the median; None: it refuses the type."""
    copies = (path.with_stem("rival"), path.with_suffix(f".cleaned{path.suffix}"))
    times = []
    for _ in range(runs):
        for copy in copies:
            copy.unlink(missing_ok=True)
        began = time.perf_counter()
        if subprocess.run(rival.command(path, copies[0]), capture_output=True, check=False).returncode:
            return None
        times.append(time.perf_counter() - began)
    return statistics.median(times)


@click.command()
@click.option("--runs", default=3, show_default=True, help="Runs of each type; the median is reported.")
def main(runs: int) -> None:
    """Measure how fast evidence is sealed, cleaned and previewed."""
    with tempfile.TemporaryDirectory() as folder:
        click.echo(f"{'file':12}{'MB':>7}{'MB/s':>8}  other tools, MB/s")
        asyncio.run(measure(Path(folder), runs, _show))
    click.echo(f"peak memory of the worker {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _show(line: Measurement) -> None:
    rivals = ", ".join(f"{name} {speed:.1f}" for name, speed in line.rivals.items())
    click.echo(f"{line.name:12}{line.megabytes:7.1f}{line.speed:8.1f}  {rivals}")


if __name__ == "__main__":
    main()
