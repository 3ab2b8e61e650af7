"""Uploads are stored encrypted under the draft's key, resumable by any process, until they expire."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark.api.channel import MediaGone
from satark.api.inbound import MediaRef
from satark_files.file_store import FolderStore
from satark_files.limits import Limits
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads import segments, upload_store
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.segments import SEGMENT_BYTES
from satark_web_form.uploads.upload_problems import UploadRefused
from satark_web_form.uploads.upload_store import UploadStore
from support.altering import altered

ACCOUNT = "web_form:main"
OTHER_DRAFT = DraftKey(bytes(32))


async def stream_of(*contents: bytes) -> AsyncIterator[bytes]:
    """Yield these chunks."""
    for content in contents:
        yield content


async def uploaded(uploads: UploadStore, key: DraftKey, content: bytes) -> str:
    """Store a complete upload of this content; return its id."""
    upload = await uploads.create(key, kind="image", length=len(content))
    await uploads.append(key, upload, 0, stream_of(content))
    return upload


async def fetched(uploads: UploadStore, ref: MediaRef) -> bytes:
    """Fetch a file as the evidence worker does."""
    async with uploads.fetch(ref) as stream:
        return b"".join([chunk async for chunk in stream])


def files(folder: Path) -> Iterable[Path]:
    """Yield all files below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())


async def test_a_fetched_file_is_the_uploaded_file(uploads: UploadStore, key: DraftKey) -> None:
    content = os.urandom(SEGMENT_BYTES + 70_000)
    upload = await uploads.create(key, kind="video", length=len(content))
    assert await uploads.append(key, upload, 0, stream_of(content[:50_000], content[50_000:])) == len(content)
    media = await uploads.attach(key, upload, ACCOUNT)
    assert (media.kind, media.ref.size, media.ref.mime) == ("video", len(content), "")
    assert await fetched(uploads, media.ref) == content


@pytest.mark.slow("a property")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=6))
async def test_a_file_is_the_same_for_any_splitting(uploads: UploadStore, key: DraftKey, parts: list[bytes]) -> None:
    upload = await uploads.create(key, kind="audio", length=sum(map(len, parts)))
    offset = 0
    for part in parts:
        offset = await uploads.append(key, upload, offset, stream_of(part))
    media = await uploads.attach(key, upload, ACCOUNT)
    assert await fetched(uploads, media.ref) == b"".join(parts)
    await uploads.discard(media.ref)


async def test_bytes_received_before_a_break_are_stored(uploads: UploadStore, key: DraftKey) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"first half, "
        raise ConnectionResetError

    upload = await uploads.create(key, kind="image", length=23)
    with pytest.raises(ConnectionResetError):
        await uploads.append(key, upload, 0, failing())
    assert (await uploads.status(key, upload)).offset == 12
    await uploads.append(key, upload, 12, stream_of(b"second half"))
    ref = (await uploads.attach(key, upload, ACCOUNT)).ref
    assert await fetched(uploads, ref) == b"first half, second half"


async def test_exactly_one_of_several_concurrent_writers_succeeds(uploads: UploadStore, key: DraftKey) -> None:
    upload = await uploads.create(key, kind="image", length=8)
    results = await asyncio.gather(
        *(uploads.append(key, upload, 0, stream_of(content)) for content in (b"one", b"two", b"six")),
        return_exceptions=True,
    )
    assert sorted(str(result) for result in results) == ["3", "offset-mismatch", "offset-mismatch"]
    assert (await uploads.status(key, upload)).offset == 3


async def test_another_drafts_uploads_are_unknown(uploads: UploadStore, key: DraftKey) -> None:
    upload = await uploaded(uploads, key, b"content")
    for attempt in (
        uploads.status(OTHER_DRAFT, upload),
        uploads.append(OTHER_DRAFT, upload, 7, stream_of(b"more")),
        uploads.finish(OTHER_DRAFT, upload),
        uploads.attach(OTHER_DRAFT, upload, ACCOUNT),
        uploads.remove(OTHER_DRAFT, upload),
    ):
        with pytest.raises(UploadRefused, match="unknown"):
            await attempt
    assert await uploads.list_uploads(OTHER_DRAFT) == []
    assert (await uploads.status(key, upload)).complete


async def test_an_upload_moved_to_another_draft_does_not_open(
    uploads: UploadStore, key: DraftKey, tmp_path: Path
) -> None:
    upload = await uploaded(uploads, key, b"content")
    (tmp_path / "uploads" / key.folder).rename(tmp_path / "uploads" / OTHER_DRAFT.folder)
    with pytest.raises(UploadRefused, match="unknown"):
        await uploads.status(OTHER_DRAFT, upload)


@pytest.mark.parametrize("upload", ["", ".", "..", "../..", "manifest", "0" * 31, "0" * 32, "A" * 32, "0" * 32 + "\n"])
async def test_a_malformed_id_is_unknown(uploads: UploadStore, key: DraftKey, upload: str) -> None:
    with pytest.raises(UploadRefused, match="unknown"):
        await uploads.status(key, upload)


# ----------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("length", "problem"),
    [(0, "empty"), (-1, "empty"), (101, "too-large"), (71, "quota"), (70, ""), (None, "")],
    ids=str,
)
async def test_an_upload_over_a_limit_is_refused_before_the_first_byte(
    tmp_path: Path, key: DraftKey, length: int | None, problem: str
) -> None:
    limited = UploadSettings(upload_bytes=100, upload_files=2, upload_reserve_bytes=0)
    uploads = UploadStore(FolderStore(tmp_path), limited, Limits(file_bytes=100))
    await uploads.create(key, kind="image", length=30)
    if problem:
        with pytest.raises(UploadRefused, match=problem):
            await uploads.create(key, kind="image", length=length)
        length = 1
    await uploads.create(key, kind="image", length=length)
    with pytest.raises(UploadRefused, match="too-many"):
        await uploads.create(key, kind="image", length=1)
    await uploads.create(OTHER_DRAFT, kind="image", length=30)


async def test_an_upload_never_exceeds_its_announced_length(uploads: UploadStore, key: DraftKey) -> None:
    upload = await uploads.create(key, kind="image", length=5)
    with pytest.raises(UploadRefused, match="too-large"):
        await uploads.append(key, upload, 0, stream_of(b"123", b"456"))
    assert (await uploads.status(key, upload)).offset == 3


async def test_the_reserved_disk_space_is_left_free(tmp_path: Path, key: DraftKey) -> None:
    uploads = UploadStore(FolderStore(tmp_path), UploadSettings(upload_reserve_bytes=1 << 60))
    with pytest.raises(UploadRefused, match="disk-full"):
        await uploads.create(key, kind="image", length=1)


async def test_idle_files_make_room_on_a_full_disk_and_files_of_tips_do_not(
    tmp_path: Path, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    settings = UploadSettings(upload_reserve_bytes=100)
    uploads = UploadStore(FolderStore(tmp_path), settings, clock=lambda: now + 3600)
    oldest, tip, older, fresh = [await uploaded(uploads, key, b"content") for _ in range(4)]
    await uploads.attach(key, tip, ACCOUNT)
    for upload, minutes in ((oldest, 40), (tip, 50), (older, 0), (fresh, -59)):
        for path in (tmp_path / key.folder / upload).iterdir():
            os.utime(path, (0, now - 60 * minutes))

    def free(path: object) -> SimpleNamespace:
        return SimpleNamespace(free=180 - 20 * len(list((tmp_path / key.folder).glob("?" * 32))))

    monkeypatch.setattr(shutil, "disk_usage", free)
    await uploads.create(key, kind="image", length=7)
    left = {status.upload for status in await uploads.list_uploads(key)}
    assert (oldest in left, older in left, fresh in left) == (False, True, True)
    with pytest.raises(UploadRefused, match="disk-full"):
        await uploads.create(key, kind="image", length=100)
    assert fresh in {status.upload for status in await uploads.list_uploads(key)}, "it was not idle"
    assert (tmp_path / key.folder / tip).is_dir(), "it is part of a tip"


async def test_a_full_disk_refuses_and_stored_bytes_stay(
    uploads: UploadStore, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await uploads.create(key, kind="image", length=8)
    await uploads.append(key, upload, 0, stream_of(b"here"))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(UploadRefused, match="disk-full"):
        await uploads.append(key, upload, 4, stream_of(b"more"))
    monkeypatch.undo()
    assert await uploads.append(key, upload, 4, stream_of(b"more")) == 8


async def test_a_file_with_too_many_segments_is_refused(
    uploads: UploadStore, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENTS", 2)
    upload = await uploads.create(key, kind="image", length=3)
    for offset in (0, 1):
        await uploads.append(key, upload, offset, stream_of(b"x"))
    with pytest.raises(UploadRefused, match="too-fragmented"):
        await uploads.append(key, upload, 2, stream_of(b"x"))


async def test_an_upload_without_progress_gives_its_slot_to_the_next(
    tmp_path: Path, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_store, "_TURN_SECONDS", 0.05)
    settings = UploadSettings(upload_at_once=1, upload_reserve_bytes=0)
    uploads = UploadStore(FolderStore(tmp_path), settings)
    slow, fast = [await uploads.create(key, kind="image", length=9) for _ in range(2)]

    stalls = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"slow"
        stalls.set()
        await asyncio.Event().wait()

    first = asyncio.create_task(uploads.append(key, slow, 0, stalling()))
    await stalls.wait()
    assert await uploads.append(key, fast, 0, stream_of(b"fast")) == 4
    with pytest.raises(UploadRefused, match="busy"):
        await first
    assert (await uploads.status(key, slow)).offset == 4, "what came is stored"
    assert await uploads.append(key, slow, 4, stream_of(b"again")) == 9


# ----------------------------------------------------------------- attaching to a tip


async def test_an_incomplete_upload_cannot_be_attached(uploads: UploadStore, key: DraftKey) -> None:
    upload = await uploads.create(key, kind="image", length=5)
    await uploads.append(key, upload, 0, stream_of(b"123"))
    with pytest.raises(UploadRefused, match="incomplete"):
        await uploads.attach(key, upload, ACCOUNT)


async def test_attaching_twice_gives_the_same_file(uploads: UploadStore, key: DraftKey) -> None:
    upload = await uploaded(uploads, key, b"content")
    first = await uploads.attach(key, upload, ACCOUNT)
    assert await uploads.attach(key, upload, ACCOUNT) == first
    assert await uploads.list_uploads(key) == [], "it is part of a tip"
    assert await fetched(uploads, first.ref) == b"content"


async def test_a_page_that_is_sent_again_has_the_same_files(
    uploads: UploadStore, key: DraftKey, tmp_path: Path
) -> None:
    media = await uploads.attach(key, await uploaded(uploads, key, b"content"), ACCOUNT, "page")
    (listed,) = await uploads.list_uploads(key, "page")
    assert (listed.attached, await uploads.list_uploads(key, "another page")) == (True, [])
    assert await uploads.attach(key, listed.upload, ACCOUNT, "page") == media
    assert not [path for path in files(tmp_path) if path.name.startswith("page")], "it is keyed"
    await uploads.discard(media.ref)
    assert list(files(tmp_path)) == []


async def test_a_discarded_file_is_gone(uploads: UploadStore, key: DraftKey, tmp_path: Path) -> None:
    media = await uploads.attach(key, await uploaded(uploads, key, b"content"), ACCOUNT)
    await uploads.discard(media.ref)
    assert list(files(tmp_path)) == []
    with pytest.raises(MediaGone):
        await fetched(uploads, media.ref)


@pytest.mark.parametrize("damage", ["altered", "cut", "a segment missing", "in another order"])
async def test_an_altered_file_is_gone(uploads: UploadStore, key: DraftKey, tmp_path: Path, damage: str) -> None:
    upload = await uploads.create(key, kind="image", length=9)
    for offset in (0, 3, 6):
        await uploads.append(key, upload, offset, stream_of(b"%03d" % offset))
    media = await uploads.attach(key, upload, ACCOUNT)
    first, second, third = sorted(path for path in files(tmp_path) if path.suffix == ".age")
    if damage == "altered":
        first.write_bytes(altered(first.read_bytes()))
    elif damage == "cut":
        third.write_bytes(third.read_bytes()[:-5])
    elif damage == "a segment missing":
        second.unlink()
    else:
        second.rename(tmp_path / "x")
        third.rename(second)
        (tmp_path / "x").rename(third)
        third.unlink()
    with pytest.raises(MediaGone):
        await fetched(uploads, media.ref)


@pytest.mark.parametrize(
    "handle", ["", "../../etc/passwd", "a/b/c", f"{'0' * 32}/{'0' * 32}/AGE-SECRET-KEY-1QQ", "x" * 99]
)
async def test_a_malformed_reference_is_gone(uploads: UploadStore, handle: str) -> None:
    with pytest.raises(MediaGone):
        await fetched(uploads, MediaRef(account=ACCOUNT, id=handle))


# ----------------------------------------------------------------- time


async def test_abandoned_uploads_expire_and_attached_ones_later(tmp_path: Path, key: DraftKey) -> None:
    ahead = 0.0
    uploads = UploadStore(
        FolderStore(tmp_path),
        UploadSettings(upload_minutes=10, upload_attached_days=1, upload_reserve_bytes=0),
        clock=lambda: time.time() + ahead,
    )
    attached = await uploads.attach(key, await uploaded(uploads, key, b"attached"), ACCOUNT)
    left = await uploaded(uploads, key, b"left")
    ahead = 9 * 60
    uploads.delete_expired()
    assert (await uploads.status(key, left)).complete
    ahead = 11 * 60
    uploads.delete_expired()
    with pytest.raises(UploadRefused, match="unknown"):
        await uploads.status(key, left)
    assert await fetched(uploads, attached.ref) == b"attached"
    ahead = 25 * 3600
    uploads.delete_expired()
    uploads.delete_expired()
    assert list(files(tmp_path)) == []


# ----------------------------------------------------------------- secrecy


async def test_neither_content_nor_keys_are_stored_in_plaintext(
    uploads: UploadStore, key: DraftKey, tmp_path: Path
) -> None:
    secret = bytes(range(32))
    marker = b"MARKER-CONTENT" * 5000
    upload = await uploaded(uploads, key, marker)
    media = await uploads.attach(key, upload, ACCOUNT)
    identity = media.ref.id.rpartition("/")[2]
    written = b"".join(path.read_bytes() + str(path).encode() for path in files(tmp_path))
    for needle in (b"MARKER", secret, secret.hex().encode(), identity.encode(), b"image"):
        assert needle not in written
