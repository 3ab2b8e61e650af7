"""A file taken in: sealed as it came, cleaned, both opened again; and every way that can go wrong."""

import asyncio
import contextlib
import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import pytest

from satark.evidence import pipeline
from satark.evidence.pipeline import ProcessedFile, TooLarge, process_file
from satark.evidence.sandbox.sandbox import Sandbox
from satark.identity.sealing import CantOpen, new_identity
from satark.limits import Limits
from satark.store import sealed_files
from satark.testing.evidence.hostile import HostileScrubber
from satark.testing.evidence.specimens import PICTURES, RECORDINGS, TRACE

RECIPIENT, IDENTITY = new_identity()


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


class Desk:
    """Takes files in for one tip and opens them again."""

    def __init__(self, folder: Path, sandbox: Sandbox, room: Path, limits: Limits) -> None:
        self.folder, self.sandbox, self.room, self.limits = folder, sandbox, room, limits

    async def take(
        self, stream: AsyncIterator[bytes], announced: str = "", sandbox: Sandbox | None = None, *, voice: bool = False
    ) -> ProcessedFile:
        return await process_file(
            stream,
            recipient=RECIPIENT,
            folder=self.folder,
            name="1",
            declared_mime=announced,
            limits=self.limits,
            sandbox=sandbox or self.sandbox,
            room=self.room,
            voice=voice,
        )

    def original(self, expected: str = "") -> bytes:
        return b"".join(pipeline.open_original(self.folder, "1", IDENTITY, self.room, expected))

    def clean(self, expected: str = "") -> bytes:
        return b"".join(pipeline.open_clean(self.folder, "1", IDENTITY, self.room, expected))

    async def begun(self) -> None:
        """Wait until a file is being written."""
        while self.files != ["1.original.age.part"]:  # noqa: ASYNC110 - the file system tells no event
            await asyncio.sleep(0.01)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.rglob("*"))


@pytest.fixture
def desk(tmp_path: Path, sandbox: Sandbox, room: Path, limits: Limits) -> Desk:
    return Desk(tmp_path / "evidence" / "tip", sandbox, room, limits)


@pytest.mark.parametrize("name", ["jpg", "heic", "mp4", "opus"])
async def test_a_file_is_sealed_as_it_came_and_cleaned(name: str, desk: Desk, make: Callable[[str], Path]) -> None:
    data = make(name).read_bytes()
    taken = await desk.take(pieces(data))
    assert taken.problem is None
    assert (taken.bytes, taken.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert taken.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert desk.original(taken.sha256) == data
    copy = desk.clean(taken.clean_sha256)
    assert (taken.clean_bytes, taken.clean_sha256) == (len(copy), hashlib.sha256(copy).hexdigest())
    assert TRACE not in copy
    voice = ["1.disguised.age"] * (name == "opus")
    assert desk.files == ["1.clean.age", *voice, "1.original.age", "1.preview.age"]


async def test_where_and_when_is_read_of_what_was_seen_and_not_of_what_was_spoken(
    desk: Desk, make: Callable[[str], Path]
) -> None:
    film = make("mp4").read_bytes()
    assert (await desk.take(pieces(film))).origin is not None
    assert (await desk.take(pieces(film), voice=True)).origin is None


@pytest.mark.needs("age")
async def test_a_sealed_file_opens_without_us(desk: Desk, make: Callable[[str], Path], tmp_path: Path) -> None:
    data = make("png").read_bytes()
    await desk.take(pieces(data))
    key = tmp_path / "key"
    key.write_text(IDENTITY)
    program = shutil.which("age") or ""
    command = [program, "-d", "-i", str(key), str(desk.folder / "1.original.age")]
    opened = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    assert opened.stdout == data


@pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 3 * 65536])
async def test_every_size_is_sealed_whole(size: int, desk: Desk) -> None:
    data = random.Random(size).randbytes(size)
    taken = await desk.take(pieces(data, 40_000))
    assert taken.bytes == size
    assert desk.original(taken.sha256) == data


@pytest.mark.parametrize(
    ("data", "announced", "problem"),
    [
        (b"", "image/jpeg", "empty"),
        (b"\x7fELF\2\1\1" + bytes(99), "image/jpeg", "mislabelled"),
        (b"\xfe\xfd\xfc" * 9, "image/jpeg", "mislabelled"),
        (b"\xfe\xfd\xfc" * 9, "application/x-secret", "unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "mislabelled"),
        (b"<html><script>1</script>\xff\xd8\xff\xe0", "image/jpeg", "mislabelled"),
        (b"%PDF-1.7\n", "application/pdf", "damaged"),
        (b"{\\rtf1 {\\info{\\author Jane}}}", "application/rtf", "unsupported"),
        (b"Received: from phone by mail\nFrom: a@example.in\n\nhello", "text/plain", "mislabelled"),
        (b"PK\3\4" + bytes(40), "application/zip", "unsupported"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png", "damaged"),
        (b"RIFF\4\0\0\0WEBPVP8 ", "image/webp", "damaged"),
        (b"GIF89a" + bytes(20), "image/gif", "damaged"),
        (b"\0\0\0\x18ftypisom" + bytes(400), "video/mp4", "damaged"),
        (b"\0\0\0\x18ftypheic" + bytes(400), "image/heic", "damaged"),
        (b"OggS" + bytes(100), "audio/ogg", "damaged"),
        (b"\x1aE\xdf\xa3\x93B\x82\x88matroska" + b"#EXTM3U\nfile:///etc/passwd\n", "video/x-matroska", "damaged"),
    ],
)
async def test_what_cannot_be_cleaned_is_sealed_with_a_reason(
    data: bytes, announced: str, problem: str, desk: Desk
) -> None:
    taken = await desk.take(pieces(data), announced)
    assert taken.problem == problem
    assert (taken.clean_mime, taken.clean_bytes, taken.clean_sha256) == ("", 0, "")
    assert desk.original(taken.sha256) == data
    assert desk.files == ["1.original.age"]


@pytest.mark.parametrize("tail", [b"PK\3\4" + TRACE, b"%PDF-1.7 " + TRACE, b"<script>" + TRACE])
@pytest.mark.parametrize("name", ["jpg", "png", "webp", "gif", "mp4"])
async def test_the_second_nature_of_a_polyglot_is_gone(
    name: str, tail: bytes, desk: Desk, make: Callable[[str], Path]
) -> None:
    taken = await desk.take(pieces(make(name).read_bytes() + tail))
    assert taken.problem in (None, "damaged")
    if taken.problem is None:
        assert tail[:4] not in desk.clean()[-200:]
        assert TRACE not in desk.clean()


async def test_too_much_is_refused_and_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(TooLarge):
        await desk.take(pieces(bytes(desk.limits.file_bytes + 1), 100_000))
    assert desk.files == []


async def test_just_enough_is_taken(desk: Desk) -> None:
    assert (await desk.take(pieces(bytes(desk.limits.file_bytes), 100_000))).bytes == desk.limits.file_bytes


@pytest.mark.parametrize("error", [ConnectionResetError(), BrokenPipeError(), TimeoutError(), ValueError()])
async def test_a_stream_that_fails_leaves_nothing(error: Exception, desk: Desk) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"\xff\xd8" * 5000
        raise error

    with pytest.raises(type(error)):
        await desk.take(failing())
    assert desk.files == []


async def test_a_stream_that_is_given_up_leaves_nothing(desk: Desk) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield TRACE * 1000
        await asyncio.Event().wait()

    task = asyncio.create_task(desk.take(endless()))
    await desk.begun()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.files == []


async def test_a_disk_that_fails_is_an_error_to_be_tried_again(desk: Desk, make: Callable[[str], Path]) -> None:
    desk.folder.mkdir(parents=True)
    (desk.folder / "1.original.age.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        await desk.take(pieces(bytes(4_000_000), 100_000))


async def test_a_file_being_written_is_left_to_who_writes_it(desk: Desk) -> None:
    async def nested() -> AsyncIterator[bytes]:
        yield b"first"
        await desk.begun()
        with pytest.raises(BlockingIOError):
            await desk.take(pieces(b"second"))
        sealed_files.remove_abandoned_parts(desk.folder)
        yield b" and only"

    await desk.take(nested())
    assert desk.original() == b"first and only"


async def test_what_was_not_written_whole_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(meter: Any, out: BinaryIO, recipient: str) -> None:
        whole(meter, out, recipient)
        os.ftruncate(out.fileno(), os.fstat(out.fileno()).st_size - 1)

    whole = sealed_files._encrypt
    monkeypatch.setattr(sealed_files, "_encrypt", torn)
    with pytest.raises(sealed_files.WriteFailed):
        await desk.take(pieces(b"words"))
    assert desk.files == []


async def test_without_room_in_memory_the_original_is_sealed_all_the_same(
    desk: Desk, make: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = sealed_files.seal_file

    def into_a_full_room(
        source: BinaryIO, target: Path, recipient: str, copy: BinaryIO | None = None
    ) -> tuple[sealed_files.ContentDigest, bool]:
        if copy is None:
            return seal(source, target, recipient)
        with Path("/dev/full").open("r+b", buffering=0) as full:
            return seal(source, target, recipient, cast("BinaryIO", full))

    monkeypatch.setattr(sealed_files, "seal_file", into_a_full_room)
    data = make("jpg").read_bytes()
    taken = await desk.take(pieces(data))
    assert taken.problem == "no-space"
    assert desk.original(taken.sha256) == data


async def test_a_rerun_after_a_kill_gives_the_same_and_nothing_else(desk: Desk, make: Callable[[str], Path]) -> None:
    desk.folder.mkdir(parents=True)
    for left in ("1.original.age.part", "1.clean.age.part", "1.original.age", "1.clean.age", "1.preview.age"):
        (desk.folder / left).write_bytes(b"half")
    data = make("jpg").read_bytes()
    taken = await desk.take(pieces(data))
    assert desk.original(taken.sha256) == data
    assert desk.clean(taken.clean_sha256)
    assert desk.files == ["1.clean.age", "1.original.age", "1.preview.age"]


async def test_a_copy_of_an_earlier_run_does_not_outlive_a_failure(desk: Desk, make: Callable[[str], Path]) -> None:
    await desk.take(pieces(make("jpg").read_bytes()))
    (desk.folder / "1.disguised.age").write_bytes(b"of an earlier run")
    assert (await desk.take(pieces(b"{\\rtf1}"))).problem == "unsupported"
    assert desk.files == ["1.original.age"]


async def test_erased_is_gone_and_may_be_erased_again(desk: Desk, make: Callable[[str], Path]) -> None:
    await desk.take(pieces(make("jpg").read_bytes()))
    pipeline.erase(desk.folder, "1")
    pipeline.erase(desk.folder, "1")
    pipeline.erase(desk.folder / "never", "1")
    assert desk.files == []
    with pytest.raises(FileNotFoundError):
        desk.clean()


async def test_an_altered_file_gives_out_nothing(desk: Desk) -> None:
    await desk.take(pieces(bytes(200_000)))
    path = desk.folder / "1.original.age"
    whole = path.read_bytes()
    for at in (0, 30, 120, 250, 70_000, 140_000, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        with pytest.raises(CantOpen):
            next(pipeline.open_original(desk.folder, "1", IDENTITY, desk.room))
    for cut in (0, 100, 65536 + 200, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(CantOpen):
            next(pipeline.open_original(desk.folder, "1", IDENTITY, desk.room))


async def test_another_key_or_another_file_gives_out_nothing(desk: Desk) -> None:
    await desk.take(pieces(b"words"))
    with pytest.raises(CantOpen):
        next(pipeline.open_original(desk.folder, "1", new_identity()[1], desk.room))
    with pytest.raises(CantOpen):
        desk.original("0" * 64)


async def test_reading_that_stops_half_way_leaves_nothing(desk: Desk) -> None:
    await desk.take(pieces(bytes(1_000_000), 100_000))
    with contextlib.closing(pipeline.open_original(desk.folder, "1", IDENTITY, desk.room)) as reading:
        assert next(reading)
    assert list(desk.room.iterdir()) == []


@pytest.mark.parametrize("deed", ["link", "nothing", "lie"])
async def test_a_taken_over_cleaner_smuggles_nothing_into_the_copy(deed: str, desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("plain text of ours")
    async with Sandbox([HostileScrubber()]) as hostile:
        taken = await desk.take(pieces(f"{deed} {secret}".encode()), sandbox=hostile)
    assert taken.problem == "crashed"
    assert desk.files == ["1.original.age"]


async def test_no_plaintext_is_ever_outside_the_room(
    desk: Desk, make: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen: list[str] = []

    def look() -> None:
        places = [*tmp_path.rglob("*"), *Path("/proc/self/fd").iterdir()]
        for place in places:
            real = place.resolve()
            if real.is_file() and not real.is_relative_to(desk.room) and real.stat().st_size < 1_000_000:
                seen.extend([str(real)] * (TRACE in real.read_bytes()))

    async def watched(data: bytes) -> AsyncIterator[bytes]:
        async for piece in pieces(data, 700):
            look()
            yield piece

    async def watch() -> None:
        while True:
            look()
            await asyncio.sleep(0.002)

    for name in ("jpg", "heic", "mp4", "mp3"):
        data = make(name).read_bytes()
        watching = asyncio.create_task(watch())
        await desk.take(watched(data))
        watching.cancel()
        look()
    assert seen == []
    with (tmp_path / "control").open("wb") as file:
        file.write(TRACE)
    look()
    assert seen, "the watch sees nothing: the test proves nothing"


KILLED = """
import asyncio, os, sys
from pathlib import Path
from satark.evidence import pipeline
from satark.evidence.scrubbers import builtin_scrubbers
from satark.limits import Limits
from satark.store.workspace import workroom
from satark.evidence.sandbox.sandbox import Sandbox

async def stream():
    yield open(sys.argv[1], "rb").read()
    if sys.argv[3] == "stream":
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), 9)

async def main():
    data = Path(sys.argv[2])
    async with Sandbox(builtin_scrubbers()) as sandbox:
        if sys.argv[3] == "scrub":
            sandbox.scrub = lambda *a: os.kill(os.getpid(), 9)
        await pipeline.process_file(stream(), recipient=sys.argv[4], folder=data / "evidence" / "tip", name="1",
            announced_mime="", limits=Limits(), sandbox=sandbox, room=workroom(data))
asyncio.run(main())
"""


@pytest.mark.parametrize(("point", "left"), [("stream", ["1.original.age.part"]), ("scrub", ["1.original.age"])])
async def test_what_a_killed_process_leaves_is_swept(
    point: str, left: list[str], desk: Desk, make: Callable[[str], Path], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(make("jpg")), str(tmp_path), point, RECIPIENT]
    killed = await asyncio.to_thread(subprocess.run, command, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert desk.files == left
    assert [path.name for path in desk.room.rglob("original")] == ["original"]
    pipeline.remove_abandoned(tmp_path / "evidence", desk.room)
    assert list(desk.room.iterdir()) == []
    assert desk.files == [name for name in left if not name.endswith(".part")]


async def test_sweeping_leaves_what_is_in_use(desk: Desk) -> None:
    async def swept() -> AsyncIterator[bytes]:
        yield b"one"
        await desk.begun()
        pipeline.remove_abandoned(desk.folder, desk.room)
        yield b" two"

    taken = await desk.take(swept())
    assert desk.original(taken.sha256) == b"one two"


async def test_mutated_files_neither_crash_nor_hang_nor_leak(desk: Desk, make: Callable[[str], Path]) -> None:
    chance = random.Random(20261124)
    kinds = [names[0] for names in (PICTURES | RECORDINGS).values()]
    limits = msgspec.structs.replace(desk.limits, wall_seconds=10)

    async def one(number: int) -> ProcessedFile:
        data = bytearray(make(kinds[number % len(kinds)]).read_bytes())
        for _ in range(chance.choice((1, 4, 40))):
            at = chance.randrange(len(data))
            data[at : at + chance.choice((0, 1, 1, 9))] = chance.randbytes(chance.choice((0, 1, 1, 9)))
        return await process_file(
            pieces(bytes(data)), recipient=RECIPIENT, folder=desk.folder, name=str(number),
            declared_mime="", limits=limits, sandbox=desk.sandbox, room=desk.room,
        )  # fmt: skip

    for start in range(0, 300, 4):
        for taken in await asyncio.gather(*(one(start + i) for i in range(4))):
            assert taken.problem != "too-slow"
    for path in desk.folder.glob("*.clean.age"):
        copy = b"".join(sealed_files.open_sealed(path, IDENTITY, desk.room))
        assert TRACE not in copy, path.name


def test_a_source_or_disk_that_fails_while_sealing_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("no space left")

    with pytest.raises(OSError, match="could not be sealed"):
        sealed_files.seal_file(Broken(), tmp_path / "1.original.age", RECIPIENT)
    assert list(tmp_path.iterdir()) == []
