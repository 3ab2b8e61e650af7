"""One file through the pipeline: sealed as received, cleaned, and opened again; with every possible failure."""

import asyncio
import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from satark.evidence.pipeline import ProcessedFile, process_file
from satark.evidence.stream_sealing import TooLarge
from satark.store import sealed_files
from satark.store.sealed_files import StoredForm, erase
from satark_age import age
from satark_files.sandbox.sandbox import Sandbox
from satark_files.scrubber import DISGUISE_JOB, Unclean
from satark_files.working_copies import WorkingCopies
from support.evidence.hostile import HostileScrubber
from support.evidence.images import IMAGES
from support.evidence.markers import MARKER_BYTES
from support.evidence.pipeline_driver import PipelineDriver, chunks
from support.evidence.recordings import RECORDINGS, ffmpeg
from support.store import stored


@pytest.mark.parametrize("name", ["jpg", "heic", "mp4", "opus"])
async def test_a_file_is_sealed_as_received_and_cleaned(
    name: str, driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    data = make(name).read_bytes()
    file = await driver.process(chunks(data))
    assert file.problem is None
    assert (file.bytes, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert file.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert driver.original(file.sha256) == data
    copy = driver.clean(file.clean_sha256)
    assert (file.clean_bytes, file.clean_sha256) == (len(copy), hashlib.sha256(copy).hexdigest())
    assert MARKER_BYTES not in copy
    more = {"mp4": ["1.muted.age"], "opus": ["1.disguised.age"]}.get(name, [])
    assert driver.files == sorted(["1.clean.age", "1.original.age", "1.preview.age", *more])


async def test_a_film_without_sound_is_stored_once(driver: PipelineDriver, tmp_path: Path) -> None:
    film = tmp_path / "silent.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=128x96:d=0.4", "-pix_fmt", "yuv420p", str(film))
    file = await driver.process(chunks(film.read_bytes()))
    assert file.muted_sha256 == file.clean_sha256
    assert file.muted_bytes == 0
    assert driver.files == ["1.clean.age", "1.original.age", "1.preview.age"]


@pytest.mark.parametrize(
    ("form", "codec"), [("mp4", "aac"), ("3gp", "libopencore_amrnb"), ("webm", "libopus"), ("matroska", "libopus")]
)
async def test_a_video_container_with_only_sound_counts_as_a_voice(
    form: str, codec: str, driver: PipelineDriver, tmp_path: Path
) -> None:
    recording = tmp_path / "recording"
    brand = ("-brand", "mp42") if form == "mp4" else ()  # as Android's recorder writes it
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-ar", "8000", "-ac", "1", "-c:a", codec, *brand, "-f", form, recording)
    file = await driver.process(chunks(recording.read_bytes()))
    assert file.clean_mime.startswith("video/")
    assert not file.muted_sha256
    assert file.disguised_sha256


async def test_a_voice_that_can_not_be_disguised_has_an_empty_copy_and_never_counts_as_silent(
    driver: PipelineDriver, make: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    derive = WorkingCopies.derive

    async def fail_to_disguise(copies: WorkingCopies, job: str) -> str:
        if job == DISGUISE_JOB:
            raise Unclean("crashed")
        return await derive(copies, job)

    monkeypatch.setattr(WorkingCopies, "derive", fail_to_disguise)
    file = await driver.process(chunks(make("opus").read_bytes()))
    assert not file.disguised_sha256
    assert "1.disguised.age" in driver.files


async def test_the_origin_is_read_from_video_and_not_from_voice_messages(
    driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    video = make("mp4").read_bytes()
    assert (await driver.process(chunks(video))).origin is not None
    assert (await driver.process(chunks(video), voice=True)).origin is None


@pytest.mark.needs("age")
async def test_a_sealed_file_opens_with_the_age_command(
    driver: PipelineDriver, make: Callable[[str], Path], tmp_path: Path
) -> None:
    data, key_before_1_3 = make("png").read_bytes(), age.Identity(age.X25519, bytes(range(32)))
    driver.recipient, driver.identity = age.recipient_of(key_before_1_3)[0], age.write_identity(key_before_1_3)
    await driver.process(chunks(data))
    key = tmp_path / "key"
    key.write_text(driver.identity)
    program = shutil.which("age") or ""
    command = [program, "-d", "-i", str(key), str(driver.folder / "1.original.age")]
    opened = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    assert opened.stdout.startswith(data)
    assert int.from_bytes(opened.stdout[-8:]) == len(data)


@pytest.mark.parametrize("size", [1, 65535, 65536, 65537, 3 * 65536])
async def test_every_size_is_sealed_completely(size: int, driver: PipelineDriver) -> None:
    data = random.Random(size).randbytes(size)
    file = await driver.process(chunks(data, 40_000))
    assert file.bytes == size
    assert driver.original(file.sha256) == data


@pytest.mark.parametrize(
    ("data", "declared_mime", "problem"),
    [
        (b"", "image/jpeg", "empty"),
        (b"\x7fELF\2\1\1" + bytes(99), "image/jpeg", "mislabelled"),
        (b"\xfe\xfd\xfc" * 9, "image/jpeg", "mislabelled"),
        (b"\xfe\xfd\xfc" * 9, "application/x-secret", "unknown"),
        (b"<svg xmlns='http://www.example.com/no-drawing'/>", "image/svg+xml", "unsupported"),
        (b"<html><script>1</script></html>", "image/jpeg", "damaged"),
        (b"%PDF-1.7\n", "application/pdf", "damaged"),
        (b"{\\rtf1 {\\info{\\author Jane}}}", "application/rtf", "unsupported"),
        (b"Received: from phone by mail\nFrom: a@example.in\n\n", "text/plain", "damaged"),
        (b"%!PS-Adobe-3.0\n% Creator: Jane", "text/plain", "mislabelled"),
        (b"%!PS-Adobe-3.0\n% Creator: Jane", "application/postscript", "unsupported"),
        (b"PK\3\4" + bytes(40), "application/zip", "damaged"),
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
async def test_a_file_that_cannot_be_cleaned_is_sealed_with_a_reason(
    data: bytes, declared_mime: str, problem: str, driver: PipelineDriver
) -> None:
    file = await driver.process(chunks(data), declared_mime)
    assert file.problem == problem
    assert (file.clean_mime, file.clean_bytes, file.clean_sha256) == ("", 0, "")
    assert driver.original(file.sha256) == data
    assert driver.files == ["1.original.age"]


@pytest.mark.parametrize("tail", [b"PK\3\4" + MARKER_BYTES, b"%PDF-1.7 " + MARKER_BYTES, b"<script>" + MARKER_BYTES])
@pytest.mark.parametrize("name", ["jpg", "png", "webp", "gif", "mp4"])
async def test_the_second_format_of_a_polyglot_is_removed(
    name: str, tail: bytes, driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    file = await driver.process(chunks(make(name).read_bytes() + tail))
    assert file.problem in (None, "damaged")
    if file.problem is None:
        assert tail[:4] not in driver.clean()[-200:]
        assert MARKER_BYTES not in driver.clean()


async def test_a_file_over_the_limit_is_refused_and_leaves_nothing(driver: PipelineDriver) -> None:
    with pytest.raises(TooLarge):
        await driver.process(chunks(bytes(driver.limits.file_bytes + 1), 100_000))
    assert driver.files == []


async def test_a_file_of_exactly_the_limit_is_accepted(driver: PipelineDriver) -> None:
    assert (await driver.process(chunks(bytes(driver.limits.file_bytes), 100_000))).bytes == driver.limits.file_bytes


@pytest.mark.parametrize("error", [ConnectionResetError(), BrokenPipeError(), TimeoutError(), ValueError()])
async def test_a_stream_that_fails_leaves_nothing(error: Exception, driver: PipelineDriver) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"\xff\xd8" * 5000
        raise error

    with pytest.raises(type(error)):
        await driver.process(failing())
    assert driver.files == []


async def test_a_cancelled_stream_leaves_nothing(driver: PipelineDriver) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield MARKER_BYTES * 1000
        await asyncio.Event().wait()

    task = asyncio.create_task(driver.process(endless()))
    await driver.wait_until_writing()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert driver.files == []


async def test_a_disk_that_fails_is_an_error_to_be_retried(driver: PipelineDriver, make: Callable[[str], Path]) -> None:
    driver.folder.mkdir(parents=True)
    (driver.folder / "1.original.age.part").mkdir()
    with pytest.raises(OSError, match="directory"):
        await driver.process(chunks(bytes(4_000_000), 100_000))


async def test_a_file_that_is_being_written_is_locked(driver: PipelineDriver) -> None:
    async def nested() -> AsyncIterator[bytes]:
        yield b"first"
        await driver.wait_until_writing()
        with pytest.raises(BlockingIOError):
            await driver.process(chunks(b"second"))
        driver.store.remove_abandoned()
        yield b" and only"

    await driver.process(nested())
    assert driver.original() == b"first and only"


async def test_a_torn_write_is_detected_and_removed(driver: PipelineDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    def torn(meter: Any, out: BinaryIO, recipient: str) -> None:
        encrypt(meter, out, recipient)
        os.ftruncate(out.fileno(), os.fstat(out.fileno()).st_size - 1)

    encrypt = sealed_files._encrypt
    monkeypatch.setattr(sealed_files, "_encrypt", torn)
    with pytest.raises(sealed_files.WriteFailed):
        await driver.process(chunks(b"words"))
    assert driver.files == []


async def test_the_original_is_sealed_even_if_the_tmpfs_is_full(
    driver: PipelineDriver, make: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = sealed_files.seal_file

    def into_a_full_tmpfs(
        source: BinaryIO, target: StoredForm, recipient: str, copy: BinaryIO | None = None, *, with_md5: bool = False
    ) -> sealed_files.SealedPart:
        if copy is None:
            return seal(source, target, recipient, with_md5=with_md5)
        with Path("/dev/full").open("r+b", buffering=0) as full:
            return seal(source, target, recipient, cast("BinaryIO", full), with_md5=with_md5)

    monkeypatch.setattr(sealed_files, "seal_file", into_a_full_tmpfs)
    data = make("jpg").read_bytes()
    file = await driver.process(chunks(data))
    assert file.problem == "no-space"
    assert driver.original(file.sha256) == data


async def test_a_rerun_after_a_kill_replaces_the_files_that_were_left(
    driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    driver.folder.mkdir(parents=True)
    for left in ("1.original.age.part", "1.clean.age.part", "1.original.age", "1.clean.age", "1.preview.age"):
        (driver.folder / left).write_bytes(b"half")
    data = make("jpg").read_bytes()
    file = await driver.process(chunks(data))
    assert driver.original(file.sha256) == data
    assert driver.clean(file.clean_sha256)
    assert driver.files == ["1.clean.age", "1.original.age", "1.preview.age"]


async def test_a_failure_removes_the_copies_of_an_earlier_run(
    driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    await driver.process(chunks(make("jpg").read_bytes()))
    (driver.folder / "1.disguised.age").write_bytes(b"of an earlier run")
    assert (await driver.process(chunks(b"{\\rtf1}"))).problem == "unsupported"
    assert driver.files == ["1.original.age"]


async def test_a_file_can_be_erased_twice(driver: PipelineDriver, make: Callable[[str], Path]) -> None:
    await driver.process(chunks(make("jpg").read_bytes()))
    erase(driver.store, ["1"])
    erase(driver.store, ["1"])
    erase(driver.store.below("never"), ["1"])
    assert driver.files == []
    with pytest.raises(FileNotFoundError):
        driver.clean()


@pytest.mark.parametrize("attack", ["link", "nothing", "lie"])
async def test_a_compromised_scrubber_smuggles_nothing_into_the_copy(
    attack: str, driver: PipelineDriver, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("plain text of ours")
    async with Sandbox([HostileScrubber()]) as hostile:
        file = await driver.process(chunks(f"{attack} {secret}".encode()), sandbox=hostile)
    assert file.problem == "crashed"
    assert driver.files == ["1.original.age"]


@pytest.mark.full("damages files")
async def test_mutated_files_neither_crash_nor_hang_nor_leak(
    driver: PipelineDriver, make: Callable[[str], Path]
) -> None:
    kinds = [names[0] for names in (*IMAGES.values(), *RECORDINGS.values())]

    async def one(number: int) -> ProcessedFile:
        rng = random.Random(f"20261124:{number}")  # one file's length must not change what is done to the next
        data = bytearray(make(kinds[number % len(kinds)]).read_bytes())
        for _ in range(rng.choice((1, 4, 40))):
            at = rng.randrange(len(data))
            data[at : at + rng.choice((0, 1, 1, 9))] = rng.randbytes(rng.choice((0, 1, 1, 9)))
        return await process_file(
            chunks(bytes(data)), recipient=driver.recipient, store=driver.store, name=str(number),
            declared_mime="", limits=driver.limits, sandbox=driver.sandbox, workspace=driver.workspace,
        )  # fmt: skip

    for start in range(0, 300, 4):
        for file in await asyncio.gather(*(one(start + i) for i in range(4))):
            assert file.problem != "too-slow"
    for path in driver.folder.glob("*.clean.age"):
        copy = driver.open(stored(path))
        assert MARKER_BYTES not in copy, path.name


async def test_copies_have_no_size_of_their_own(driver: PipelineDriver, make: Callable[[str], Path]) -> None:
    await driver.process(chunks(make("png").read_bytes() + bytes(100_000)))
    sizes = {path.name: path.stat().st_size // 1024 for path in driver.folder.iterdir()}
    assert sizes["1.original.age"] == sizes["1.clean.age"] > 100
    assert sizes["1.preview.age"] == 61
