"""Files that wait: in pieces that only the draft's secret opens, whoever goes on with them, for as long as they may."""

from __future__ import annotations

import asyncio
import os
import pickle
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark.channel import MediaGone, MediaRef
from satark.limits import Limits
from satark_web_form.uploads import segments
from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.refusals import Refused
from satark_web_form.uploads.segments import SEGMENT
from satark_web_form.uploads.settings import UploadSettings
from satark_web_form.uploads.staging import Staging

ACCOUNT = "web_form:main"
STRANGER = DraftKey(bytes(32))


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    """Give a stream of these pieces."""
    for content in contents:
        yield content


async def kept(staging: Staging, key: DraftKey, content: bytes) -> str:
    """Have a whole file of this content in the staging."""
    upload = await staging.create(key, kind="image", length=len(content))
    await staging.append(key, upload, 0, pieces(content))
    return upload


async def fetched(staging: Staging, ref: MediaRef) -> bytes:
    """Fetch a file as the evidence worker does."""
    async with staging.fetch(ref) as stream:
        return b"".join([piece async for piece in stream])


def files(folder: Path) -> Iterable[Path]:
    """All files below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())


async def test_a_file_comes_out_as_it_went_in(staging: Staging, key: DraftKey) -> None:
    content = os.urandom(SEGMENT + 70_000)
    upload = await staging.create(key, kind="video", length=len(content))
    assert await staging.append(key, upload, 0, pieces(content[:50_000], content[50_000:])) == len(content)
    media = await staging.hand_over(key, upload, ACCOUNT)
    assert (media.kind, media.ref.size, media.ref.mime) == ("video", len(content), "")
    assert await fetched(staging, media.ref) == content


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=6))
async def test_however_it_is_cut_it_is_the_same_file(staging: Staging, key: DraftKey, parts: list[bytes]) -> None:
    upload = await staging.create(key, kind="audio", length=sum(map(len, parts)))
    offset = 0
    for part in parts:
        offset = await staging.append(key, upload, offset, pieces(part))
    media = await staging.hand_over(key, upload, ACCOUNT)
    assert await fetched(staging, media.ref) == b"".join(parts)
    await staging.discard(media.ref)


async def test_what_came_before_the_break_is_kept(staging: Staging, key: DraftKey) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"first half, "
        raise ConnectionResetError

    upload = await staging.create(key, kind="image", length=23)
    with pytest.raises(ConnectionResetError):
        await staging.append(key, upload, 0, breaking())
    assert (await staging.status(key, upload)).offset == 12
    await staging.append(key, upload, 12, pieces(b"second half"))
    ref = (await staging.hand_over(key, upload, ACCOUNT)).ref
    assert await fetched(staging, ref) == b"first half, second half"


async def test_of_two_that_write_at_once_one_wins_and_the_other_is_told(staging: Staging, key: DraftKey) -> None:
    upload = await staging.create(key, kind="image", length=8)
    results = await asyncio.gather(
        *(staging.append(key, upload, 0, pieces(content)) for content in (b"one", b"two", b"six")),
        return_exceptions=True,
    )
    assert sorted(str(result) for result in results) == ["3", "moved", "moved"]
    assert (await staging.status(key, upload)).offset == 3


async def test_a_stranger_finds_nothing(staging: Staging, key: DraftKey) -> None:
    upload = await kept(staging, key, b"content")
    for attempt in (
        staging.status(STRANGER, upload),
        staging.append(STRANGER, upload, 7, pieces(b"more")),
        staging.finish(STRANGER, upload),
        staging.hand_over(STRANGER, upload, ACCOUNT),
        staging.remove(STRANGER, upload),
    ):
        with pytest.raises(Refused, match="unknown"):
            await attempt
    assert await staging.all_of(STRANGER) == []
    assert (await staging.status(key, upload)).whole


async def test_a_file_moved_to_another_draft_does_not_open(staging: Staging, key: DraftKey, tmp_path: Path) -> None:
    upload = await kept(staging, key, b"content")
    (tmp_path / "uploads" / key.folder).rename(tmp_path / "uploads" / STRANGER.folder)
    with pytest.raises(Refused, match="unknown"):
        await staging.status(STRANGER, upload)


@pytest.mark.parametrize("upload", ["", ".", "..", "../..", "manifest", "0" * 31, "0" * 32, "A" * 32, "0" * 32 + "\n"])
async def test_an_id_that_is_none_is_unknown(staging: Staging, key: DraftKey, upload: str) -> None:
    with pytest.raises(Refused, match="unknown"):
        await staging.status(key, upload)


# ----------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("length", "problem"),
    [(0, "empty"), (-1, "empty"), (101, "too-large"), (71, "too-much"), (70, ""), (None, "")],
    ids=str,
)
async def test_what_is_over_a_limit_is_refused_before_a_byte(
    tmp_path: Path, key: DraftKey, length: int | None, problem: str
) -> None:
    limited = UploadSettings(upload_bytes=100, upload_files=2, upload_reserve_bytes=0)
    staging = Staging(tmp_path, limited, Limits(file_bytes=100))
    await staging.create(key, kind="image", length=30)
    if problem:
        with pytest.raises(Refused, match=problem):
            await staging.create(key, kind="image", length=length)
        length = 1
    await staging.create(key, kind="image", length=length)
    with pytest.raises(Refused, match="too-many"):
        await staging.create(key, kind="image", length=1)
    await staging.create(STRANGER, kind="image", length=30)


async def test_a_file_never_gets_longer_than_announced(staging: Staging, key: DraftKey) -> None:
    upload = await staging.create(key, kind="image", length=5)
    with pytest.raises(Refused, match="too-large"):
        await staging.append(key, upload, 0, pieces(b"123", b"456"))
    assert (await staging.status(key, upload)).offset == 3


async def test_room_on_the_disk_is_left_for_the_rest(tmp_path: Path, key: DraftKey) -> None:
    staging = Staging(tmp_path, UploadSettings(upload_reserve_bytes=1 << 60))
    with pytest.raises(Refused, match="disk-full"):
        await staging.create(key, kind="image", length=1)


async def test_a_full_disk_is_said_and_what_was_kept_stays(
    staging: Staging, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await staging.create(key, kind="image", length=8)
    await staging.append(key, upload, 0, pieces(b"here"))
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(Refused, match="disk-full"):
        await staging.append(key, upload, 4, pieces(b"more"))
    monkeypatch.undo()
    assert await staging.append(key, upload, 4, pieces(b"more")) == 8


async def test_a_file_in_too_many_pieces_is_given_up(
    staging: Staging, key: DraftKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENTS_MOST", 2)
    upload = await staging.create(key, kind="image", length=3)
    for offset in (0, 1):
        await staging.append(key, upload, offset, pieces(b"x"))
    with pytest.raises(Refused, match="too-broken"):
        await staging.append(key, upload, 2, pieces(b"x"))


async def test_more_at_once_than_there_are_places_wait(tmp_path: Path, key: DraftKey) -> None:
    staging = Staging(tmp_path, UploadSettings(upload_at_once=1, upload_reserve_bytes=0))
    upload = await staging.create(key, kind="image", length=9)
    busy, go = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        busy.set()
        await go.wait()
        yield b"slow"

    first = asyncio.create_task(staging.append(key, upload, 0, slow()))
    await busy.wait()
    with pytest.raises(Refused, match="busy"):
        await staging.append(key, upload, 0, pieces(b"fast"))
    go.set()
    assert await first == 4


# ----------------------------------------------------------------- handing over


async def test_a_file_that_is_not_whole_is_not_handed_over(staging: Staging, key: DraftKey) -> None:
    upload = await staging.create(key, kind="image", length=5)
    await staging.append(key, upload, 0, pieces(b"123"))
    with pytest.raises(Refused, match="unfinished"):
        await staging.hand_over(key, upload, ACCOUNT)


async def test_to_hand_over_twice_gives_the_same_file(staging: Staging, key: DraftKey) -> None:
    upload = await kept(staging, key, b"content")
    first = await staging.hand_over(key, upload, ACCOUNT)
    assert await staging.hand_over(key, upload, ACCOUNT) == first
    assert await staging.all_of(key) == [], "a tip has it"
    await staging.forget(key)
    assert await fetched(staging, first.ref) == b"content"


async def test_a_discarded_file_is_gone(staging: Staging, key: DraftKey, tmp_path: Path) -> None:
    media = await staging.hand_over(key, await kept(staging, key, b"content"), ACCOUNT)
    await staging.discard(media.ref)
    assert list(files(tmp_path)) == []
    with pytest.raises(MediaGone):
        await fetched(staging, media.ref)


@pytest.mark.parametrize("damage", ["altered", "cut", "a segment missing", "in another order"])
async def test_an_altered_file_is_never_delivered_whole(
    staging: Staging, key: DraftKey, tmp_path: Path, damage: str
) -> None:
    upload = await staging.create(key, kind="image", length=9)
    for offset in (0, 3, 6):
        await staging.append(key, upload, offset, pieces(b"%03d" % offset))
    media = await staging.hand_over(key, upload, ACCOUNT)
    first, second, third = sorted(path for path in files(tmp_path) if path.suffix == ".age")
    if damage == "altered":
        first.write_bytes(first.read_bytes()[:-1] + b"\0")
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
        await fetched(staging, media.ref)


@pytest.mark.parametrize(
    "handle", ["", "../../etc/passwd", "a/b/c", f"{'0' * 32}/{'0' * 32}/AGE-SECRET-KEY-1QQ", "x" * 99]
)
async def test_a_reference_that_is_none_is_gone(staging: Staging, handle: str) -> None:
    with pytest.raises(MediaGone):
        await fetched(staging, MediaRef(account=ACCOUNT, id=handle))


# ----------------------------------------------------------------- time


async def test_what_nobody_goes_on_with_is_erased_and_what_a_tip_has_waits_longer(
    tmp_path: Path, key: DraftKey
) -> None:
    ahead = 0.0
    staging = Staging(
        tmp_path,
        UploadSettings(upload_minutes=10, upload_handed_days=1, upload_reserve_bytes=0),
        clock=lambda: time.time() + ahead,
    )
    taken = await staging.hand_over(key, await kept(staging, key, b"taken"), ACCOUNT)
    left = await kept(staging, key, b"left")
    ahead = 9 * 60
    staging.sweep()
    assert (await staging.status(key, left)).whole
    ahead = 11 * 60
    staging.sweep()
    with pytest.raises(Refused, match="unknown"):
        await staging.status(key, left)
    assert await fetched(staging, taken.ref) == b"taken"
    ahead = 25 * 3600
    staging.sweep()
    staging.sweep()
    assert list(files(tmp_path)) == []


async def test_a_forgotten_draft_leaves_no_file(staging: Staging, key: DraftKey, tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        await kept(staging, key, content)
    assert [status.offset for status in await staging.all_of(key)] == [3, 3]
    await staging.forget(key)
    assert list(files(tmp_path)) == []


# ----------------------------------------------------------------- what is never seen


async def test_nothing_of_a_file_or_its_draft_lies_open(staging: Staging, key: DraftKey, tmp_path: Path) -> None:
    secret = bytes(range(32))
    planted = b"PLANTED-CONTENT" * 5000
    upload = await kept(staging, key, planted)
    media = await staging.hand_over(key, upload, ACCOUNT)
    identity = media.ref.id.rpartition("/")[2]
    written = b"".join(path.read_bytes() + str(path).encode() for path in files(tmp_path))
    for needle in (b"PLANTED", secret, secret.hex().encode(), identity.encode(), b"image"):
        assert needle not in written


def test_a_drafts_key_never_shows_itself(key: DraftKey) -> None:
    assert f"{key} {key!r} {[key]}" == "DraftKey(…) DraftKey(…) [DraftKey(…)]"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(ValueError, match="32 bytes"):
        DraftKey(b"short")
