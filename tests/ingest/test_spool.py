"""The spool: its batches are sealed, ordered and counted, and an altered one is refused."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from satark.api.inbound import Address, Batch, Event, Inbound, Media, MediaRef, Pin, Text
from satark.api.outbound import Call
from satark.identity.edge_key import BrokenSeal, Identity
from satark.identity.epoch_keys import LONGEST_GRACE
from satark.ingest.spool import Spool, SpoolFull, quarantined, waiting
from satark_files import atomic_files
from satark_testing.identifier_search import files_below, search

PHONE, WORDS = "+919140112233", "हथियार गोदाम में हैं"
REF = MediaRef(account="sms:1", id="Messages/MM77/Media/ME88", mime="audio/wav")
EVENTS: tuple[Event, ...] = (Text(WORDS), Media(REF, "voice", "सुनिए"), Pin(25.3, 83.0))
BATCH = Batch(
    inbound=[
        Inbound(account="sms:1", event_key=f"SM{n}", senders=(Address(PHONE),), event=event)
        for n, event in enumerate(EVENTS)
    ],
    chores=[Call(account="sms:1", method="redact", body=b"SM0")],
)


def make(folder: Path, *, files: int = 100, size: int = 1_000_000, key: bytes = bytes(32)) -> Spool:
    return Spool(folder / "spool", Identity(key), max_files=files, max_bytes=size)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return make(tmp_path)


def only(spool: Spool) -> str:
    (name,) = spool.names()
    return name


def test_another_process_reads_a_spooled_batch_completely(spool: Spool, tmp_path: Path) -> None:
    spool.add("sms", BATCH)
    channel, batch = make(tmp_path).open(only(spool))
    assert channel == "sms"
    assert (batch.inbound, batch.chores) == (BATCH.inbound, BATCH.chores)


def test_a_spooled_file_is_private_and_names_nobody(spool: Spool, tmp_path: Path) -> None:
    spool.add("sms", BATCH)
    folder = tmp_path / "spool"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    secrets = {"phone": "9140112233", "words": WORDS, "media": "ME88", "message": "redact"}
    assert search(files_below(folder), secrets) == []
    assert search({**files_below(folder), "careless": PHONE.encode()}, secrets)


def test_events_are_replayed_in_their_order_and_their_names_tell_no_time(spool: Spool) -> None:
    for number in range(4):
        spool.add("sms", Batch(ignored=number))
    assert [spool.open(name)[1].ignored for name in spool.names()] == [0, 1, 2, 3]
    assert [int(name.partition("-")[0]) for name in spool.names()] == [1, 2, 3, 4]
    spool.quarantine(spool.names()[3])
    spool.add("sms", Batch(ignored=4))
    assert spool.names()[3].startswith(f"{5:020}-")


def test_after_an_epoch_waiting_batches_open_and_old_copies_do_not(spool: Spool, tmp_path: Path) -> None:
    for number in range(2):
        spool.add("sms", Batch(ignored=number))
    replayed, waiting = spool.names()
    copies = {name: (tmp_path / "spool" / name).read_bytes() for name in spool.names()}
    spool.done(replayed)
    later(spool, 3600 + LONGEST_GRACE + 1)
    ended = [spool.has_ended_epochs]
    spool.end_epochs()
    assert [*ended, spool.has_ended_epochs] == [True, False]
    assert spool.open(waiting)[1].ignored == 1
    for name, copy in copies.items():
        (tmp_path / "spool" / name).write_bytes(copy)
        with pytest.raises(BrokenSeal):
            spool.open(name)


def test_once_the_spool_is_empty_its_key_is_destroyed(spool: Spool, tmp_path: Path) -> None:
    for number in range(2):
        spool.add("sms", Batch(ignored=number))
        (name,) = spool.names()
        copy = (tmp_path / "spool" / name).read_bytes()
        spool.end_epochs()
        assert spool.open(name)[1].ignored == number
        spool.done(name)
        before = spool.has_ended_epochs
        spool.end_epochs()
        assert (before, spool.has_ended_epochs) == (True, False)
        (tmp_path / "spool" / name).write_bytes(copy)
        with pytest.raises(BrokenSeal):
            spool.open(name)
        spool.done(name)


def test_a_batch_that_comes_while_the_keys_of_an_empty_spool_are_destroyed_opens_at_any_moment(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.add("sms", BATCH)
    spool.done(spool.names()[0])
    other, replace = make(tmp_path), atomic_files.replace
    ending = Thread(target=other.end_epochs)
    opened = list[Batch]()

    def held_up(path: Path, pieces: list[bytes]) -> None:
        if not opened:
            ending.start()
            ending.join(0.1)
        replace(path, pieces)
        opened.append(other.open(path.name)[1])

    monkeypatch.setattr(atomic_files, "replace", held_up)
    spool.add("sms", BATCH)
    ending.join()
    opened.append(spool.open(only(spool))[1])
    assert [batch.inbound for batch in opened] == [BATCH.inbound] * len(opened)


def later(spool: Spool, seconds: float) -> None:
    """Set the spool's clock forward."""
    spool._identity.epochs._clock = lambda: time.time() + seconds


def test_what_waits_is_shown_in_tenths_of_a_full_spool(tmp_path: Path) -> None:
    spool, shown = make(tmp_path, files=20, size=1_000_000), []
    for _ in range(5):
        spool.add("sms", BATCH)
        shown.append(spool.shown_depth)
    assert shown == [0, 2, 2, 4, 4]


@pytest.mark.slow("a full spool")
@pytest.mark.parametrize(
    ("files", "size", "room"), [(2, 1_000_000, 2), (100, 2_500, 2), (0, 1_000_000, 0), (100, 0, 0)]
)
def test_a_full_spool_says_so(tmp_path: Path, files: int, size: int, room: int) -> None:
    spool = make(tmp_path, files=files, size=size)
    for _ in range(room):
        spool.add("sms", BATCH)
    with pytest.raises(SpoolFull):
        spool.add("sms", BATCH)
    assert spool.depth == room
    for name in spool.names()[:1]:
        spool.done(name)
        spool.add("sms", BATCH)


def test_a_full_disk_leaves_no_incomplete_file(spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.add("sms", BATCH)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("satark_files.atomic_files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        spool.add("sms", BATCH)
    monkeypatch.undo()
    found = [path.name for path in (tmp_path / "spool").iterdir() if path.name != ".epochs"]
    assert found == spool.names() == [only(spool)]


@pytest.mark.parametrize(
    "tampering",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
        lambda path: path.write_bytes(b""),
        lambda path: path.rename(path.with_suffix(".voice")),
        lambda path: path.rename(path.with_name(f"{1:020}-00000000.sms")),
    ],
    ids=["cut", "longer", "flipped", "empty", "of another channel", "moved forward"],
)
def test_an_altered_file_does_not_open(spool: Spool, tmp_path: Path, tampering: object) -> None:
    spool.add("sms", BATCH)
    tampering(tmp_path / "spool" / only(spool))  # type: ignore[operator]
    with pytest.raises(BrokenSeal):
        spool.open(only(spool))


def test_another_edge_key_does_not_open_a_spooled_file(spool: Spool, tmp_path: Path) -> None:
    spool.add("sms", BATCH)
    with pytest.raises(BrokenSeal):
        make(tmp_path, key=b"k" * 32).open(only(spool))


def test_a_batch_with_unknown_events_does_not_open(spool: Spool, tmp_path: Path) -> None:
    spool.add("sms", BATCH)
    name = only(spool)
    tomorrow = spool._identity.seal_batch(msgspec.structs.replace(BATCH, inbound="of tomorrow"), name.encode())
    (tmp_path / "spool" / name).write_bytes(tomorrow)
    with pytest.raises(BrokenSeal):
        spool.open(name)


def test_a_quarantined_batch_delays_nobody_and_is_tried_again_at_the_next_start(spool: Spool, tmp_path: Path) -> None:
    for number in range(3):
        spool.add("sms", Batch(ignored=number))
    first = spool.names()[0]
    spool.quarantine(first)
    assert (spool.depth, spool.quarantined) == (2, 1)
    assert quarantined(tmp_path / "spool") == [first]
    spool.restore()
    assert (spool.depth, spool.quarantined) == (3, 0)
    assert spool.names()[0] == first


def test_one_process_at_a_time_replays_the_spool(spool: Spool, tmp_path: Path) -> None:
    spool.add("sms", BATCH)
    with spool.held() as first, make(tmp_path).held() as second:
        assert (first, second) == (True, False)
    with make(tmp_path).held() as again:
        assert again


def test_other_files_in_the_spools_folder_are_not_changed(spool: Spool, tmp_path: Path) -> None:
    assert waiting(tmp_path / "spool") == []
    spool.add("sms", BATCH)
    for name in (".part", "notes.txt", "1-2.sms", f"{1:020}-0000000g.sms"):
        (tmp_path / "spool" / name).touch()
    os.mkfifo(tmp_path / "spool" / "pipe")
    assert spool.depth == 1
