"""Epoch keys: processes share them, and a destroyed one is gone even from its blocks on the disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from satark.api.inbound import Address
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import LONGEST_GRACE, EpochKeys, EpochKeysError

HOUR = 3600


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "epoch.keys"


def load(path: Path, clock: Clock) -> EpochKeys:
    return EpochKeys.load(path, HOUR, clock=clock)


def test_an_epoch_lasts_its_time_and_is_the_same_for_every_process(path: Path, clock: Clock) -> None:
    one, other = load(path, clock), load(path, clock)
    first = one.current()
    assert other.current() == one.current() == first
    clock.now += HOUR - 1
    assert other.current() == first
    clock.now += 1
    second = other.current()
    assert second.id != first.id
    assert second.key != first.key
    assert one.current() == second
    assert [epoch.id for epoch in one.live()] == [second.id, first.id]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_destroyed_in_its_own_blocks(path: Path, clock: Clock) -> None:
    keys = load(path, clock)
    first = keys.current()
    file, before = path.stat().st_ino, path.read_bytes()
    place = before.index(first.key)
    clock.now += HOUR
    second = keys.current()
    keys.destroy([first.id])
    after = path.read_bytes()
    assert (path.stat().st_ino, len(after)) == (file, len(before))
    assert not any(after[place : place + 32])
    assert first.key not in after
    assert second.key in after
    assert (keys.find(first.id), keys.find(second.id)) == (None, second)


def test_a_key_is_overwritten_with_noise_first_and_each_write_is_flushed(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, flushed = load(path, clock), list[bytes]()
    first = keys.current()
    place = path.read_bytes().index(first.key)
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        flushed.append(path.read_bytes()[place : place + 32])

    monkeypatch.setattr("satark.identity.epoch_keys.os.fsync", watched)
    keys.destroy([first.id])
    assert any(flushed[0])
    assert flushed[0] != first.key
    assert not any(flushed[1])


def test_another_process_forgets_a_destroyed_key_when_it_next_uses_the_file(path: Path, clock: Clock) -> None:
    one, other = load(path, clock), load(path, clock)
    first = other.current()
    one.destroy([first.id])
    other.refresh()
    assert first not in other._live.values()
    assert other.find(first.id) is None


def test_one_look_lasts_until_its_end_and_for_one_thread(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = load(path, clock), load(path, clock)
    first = one.current()
    looks: list[str] = []
    refresh = one.refresh

    def counted() -> None:
        looks.append(threading.current_thread().name)
        refresh()

    monkeypatch.setattr(one, "refresh", counted)
    with one.one_look():
        assert [one.current(), one.find(first.id), *one.live()] == [first] * 3
        assert len(looks) == 1
        other.destroy([first.id])
        thread = threading.Thread(target=one.current, name="another")
        thread.start()
        thread.join()
        assert "another" in looks
    assert one.find(first.id) is None


def test_within_one_look_an_epoch_begun_by_another_process_is_found(path: Path, clock: Clock) -> None:
    one, other = load(path, clock), load(path, clock)
    with one.one_look():
        begun = other.current()
        assert one.find(begun.id) == begun
        assert one.find(b"none") is None


def test_an_epoch_may_be_destroyed_only_some_time_after_its_end(path: Path, clock: Clock) -> None:
    keys = load(path, clock)
    first = keys.current()
    clock.now += HOUR + LONGEST_GRACE - 1
    assert keys.ended() == []
    clock.now += 1
    assert keys.ended() == [first.id]
    assert keys.current().id != first.id


@pytest.mark.slow("a process")
def test_threads_and_processes_that_begin_an_epoch_at_the_same_time_agree(path: Path) -> None:
    keys = EpochKeys.load(path, HOUR)
    begun: list[bytes] = []
    threads = [threading.Thread(target=lambda: begun.append(keys.current().id)) for _ in range(8)]
    code = (
        "import sys, pathlib; from satark.identity.epoch_keys import EpochKeys\n"
        "sys.stdout.write(EpochKeys.load(pathlib.Path(sys.argv[1]), 3600).current().id.hex())"
    )
    others = [subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {bytes.fromhex(other.communicate()[0].decode()) for other in others}
    assert {*begun, *found} == {keys.current().id}


def test_a_half_written_slot_counts_as_empty(path: Path, clock: Clock) -> None:
    keys = load(path, clock)
    first = keys.current()
    clock.now += HOUR
    second = keys.current()
    content = bytearray(path.read_bytes())
    content[content.index(second.key) + 31] ^= 1
    path.write_bytes(content)
    again = load(path, clock)
    assert [epoch.id for epoch in again.live()] == [first.id]
    assert again.current().id not in {first.id, second.id}


@pytest.mark.slow("half a second of a processor")
def test_the_service_continues_without_a_job_that_destroys_keys(path: Path, clock: Clock) -> None:
    keys = load(path, clock)
    for _ in range(100):
        clock.now += HOUR
        last = keys.current()
    assert keys.is_full
    assert len(keys.live()) == 61
    keys.destroy([epoch.id for epoch in keys.live()[1:]])
    assert keys.current().id != last.id


@pytest.mark.parametrize("content", [b"", b"short", bytes(4096)])
def test_another_file_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(EpochKeysError, match="no file of epoch keys"):
        EpochKeys.load(path, HOUR)


def test_a_file_that_others_can_read_is_refused(path: Path, clock: Clock) -> None:
    load(path, clock)
    path.chmod(0o640)
    with pytest.raises(EpochKeysError, match="chmod 600"):
        load(path, clock)


def test_the_edge_key_opens_nothing_and_finds_nobody_without_the_epochs_key(path: Path, clock: Clock) -> None:
    identity = Identity(bytes(32), load(path, clock))
    pseudonym = identity.pseudonym("whatsapp:1", Address("919876543210"))
    draft, value, lookup = identity.seal_draft(b"c", b"d"), identity.seal(b"v", b"p"), identity.lookup(pseudonym)
    assert identity.lookups(pseudonym) == [lookup]
    clock.now += HOUR
    assert (identity.open_draft(b"c", draft), identity.open(value, b"p")) == (b"d", b"v")
    assert lookup in identity.lookups(pseudonym)
    identity.epochs.destroy([draft[:4]])
    with pytest.raises(BrokenSeal):
        identity.open_draft(b"c", draft)
    with pytest.raises(BrokenSeal):
        identity.open(value, b"p")
    assert lookup not in identity.lookups(pseudonym)
    identity.seal(b"", b"")
    assert draft[:4] not in {epoch for _, epoch in identity._boxes}, "a process forgets it too"


def test_the_size_of_a_draft_tells_little(path: Path, clock: Clock) -> None:
    identity = Identity(bytes(32), load(path, clock))
    assert len({len(identity.seal_draft(b"c", b"x" * size)) for size in range(0, 1000, 50)}) == 1


def test_processes_share_the_counts_of_drafts_and_counts_only_rise(path: Path, clock: Clock) -> None:
    one, other = load(path, clock), load(path, clock)
    one.drafts.note(b"c" * 32, 5)
    other.drafts.note(b"c" * 32, 4)
    assert [keys.drafts.of(b"c" * 32) for keys in (one, other, load(path, clock))] == [5, 5, 5]
    assert other.drafts.after(b"c" * 32) == 6
    assert other.drafts.of(b"d" * 32) == 0


def test_only_the_last_of_two_conversations_in_one_place_is_known(path: Path, clock: Clock) -> None:
    counts = load(path, clock).drafts
    one, other = b"one." + bytes(28), b"two." + bytes(28)
    counts.note(one, 5)
    counts.note(other, 1)
    assert (counts.of(one), counts.of(other)) == (0, 1)


def test_counts_leave_the_keys_in_a_file_of_an_earlier_version_unchanged(path: Path, clock: Clock) -> None:
    keys = load(path, clock)
    first, size = keys.current(), path.stat().st_size
    for _ in range(300):
        keys.drafts.note(os.urandom(32), 2**32 - 1)
    assert path.stat().st_size > size == 4096
    assert load(path, clock).live() == [first]


def test_if_the_memory_is_full_a_process_counts_for_itself(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("satark.identity.epoch_keys.os.posix_fallocate", full)
    keys = load(path, clock)
    keys.drafts.note(b"c" * 32, 5)
    assert keys.drafts.of(b"c" * 32) == 5
    assert load(path, clock).drafts.of(b"c" * 32) == 0
