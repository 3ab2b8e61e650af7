"""Both stores behave alike: files exist whole or not at all, one of several writers wins, and erased files are gone."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from satark_files.file_store import FileStore, StorageDown, Stored
from satark_files.open_store import open_store
from support.peers.seaweedfs import running_seaweedfs


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow("a server"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    """An empty store of each kind."""
    return open_store(request.getfixturevalue("bucket") if request.param == "bucket" else "", tmp_path / "data")


def names(store: FileStore, below: str = "") -> list[str]:
    return sorted(one.name for one in store.files(below))


def test_a_file_is_read_back_unchanged(store: FileStore) -> None:
    store.put("a/b/one", b"first second")
    assert (store.read("a/b/one"), store.read("a/b/one", most=3), store.size("a/b/one")) == (
        b"first second",
        b"fir",
        12,
    )
    assert [store.read("a/b/one", start, most) for start, most in ((6, 3), (6, -1), (9, 100))] == [
        b"sec",
        b"second",
        b"ond",
    ]
    with store.open("a/b/one") as file:
        assert (file.read(3), file.read()) == (b"fir", b"st second")
    assert store.read("a/b/one", 12) == store.read("a/b/one", 12, 3) == b""
    store.put("empty", b"")
    assert store.read("empty") == store.read("empty", most=3) == b""
    store.put("a/b/one", b"again")
    assert store.read("a/b/one") == b"again"


def test_a_missing_file_is_one_for_every_method(store: FileStore) -> None:
    for ask in (store.open, store.read, lambda name: store.read(name, most=1)):
        with pytest.raises(FileNotFoundError):
            ask("none")
    assert store.size("none") is None
    assert names(store, "none") == []
    store.remove(["none", "neither/this"])


def test_a_part_has_no_name_until_finished_and_then_replaces_the_file_of_that_name(store: FileStore) -> None:
    large = os.urandom(17_000_000)
    store.put("one", b"earlier")
    first, second, third = store.begin("one"), store.begin("folder/two"), store.begin("three")
    first.file.write(large)
    second.file.write(b"short")
    third.file.write(b"given up")
    assert (store.read("one"), store.size("folder/two")) == (b"earlier", None)
    store.finish(first, second)
    third.discard()
    assert store.read("one") == large
    assert (store.read("folder/two"), store.size("three")) == (b"short", None)
    assert names(store) == ["folder/two", "one"]


def test_only_one_of_many_writers_makes_a_new_file(store: FileStore) -> None:
    won = []

    def write(number: int) -> None:
        try:
            store.put("claim", b"%d" % number, new=True)
        except FileExistsError:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"%d" % number for number in won] == [store.read("claim")]
    with pytest.raises(FileExistsError):
        store.put("claim", b"late", new=True)


def test_files_are_listed_by_folder_and_removed_for_good(store: FileStore) -> None:
    for name in ("x/1", "x/2", "x/deep/3", "xy", "z"):
        store.put(name, b"1")
    assert names(store, "x") == ["x/1", "x/2", "x/deep/3"]
    assert names(store.below("x")) == ["1", "2", "deep/3"]
    assert store.below("x").below("deep").read("3") == b"1"
    (found,) = store.files("x/deep")
    assert isinstance(found, Stored)
    assert found.bytes == 1
    store.below("x").remove(["1", "deep/3"])
    assert names(store) == ["x/2", "xy", "z"]


def test_an_address_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be s3://bucket/folder"):
        open_store("ftp://somewhere", tmp_path)
    open_store(f"file://{tmp_path}/mounted", tmp_path).put("one", b"here")
    assert (tmp_path / "mounted" / "one").read_bytes() == b"here"


@pytest.mark.slow("a server")
def test_an_unreachable_service_is_down_and_its_error_shows_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_seaweedfs() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        store = open_store("s3://satark", tmp_path)
        store.put("tip-1", b"here")
    part = store.begin("tip-2")
    for act in (lambda: store.read("tip-1"), lambda: store.put("tip-1", b""), lambda: store.finish(part)):
        with pytest.raises(StorageDown) as error:
            act()
        assert "tip" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
