"""Sealed files: only their key opens them, unaltered only, and a file is written completely or not at all."""

import contextlib
import io
import random
from collections import Counter
from pathlib import Path

import pytest

from satark.api.sealing import CantOpen, encrypt, new_identity
from satark.store import sealed_files
from satark.store.sealed_files import open_sealed, put_in_place, seal_file
from satark_files.file_store import FolderStore
from support.store import stored

DAY = 86_400
RECIPIENT, IDENTITY = new_identity()


def seal(folder: Path, data: bytes) -> Path:
    """Seal a file called `1`."""
    path = folder / "1.original.age"
    put_in_place(seal_file(io.BytesIO(data), stored(path), RECIPIENT))
    return path


def test_an_altered_or_shortened_file_yields_nothing(tmp_path: Path, workspace: Path) -> None:
    path = seal(tmp_path, bytes(200_000))
    complete = path.read_bytes()
    for at in (0, 30, 120, 250, 70_000, 140_000, len(complete) - 1):
        path.write_bytes(complete[:at] + bytes((complete[at] ^ 1,)) + complete[at + 1 :])
        with pytest.raises(CantOpen):
            next(open_sealed(stored(path), IDENTITY, workspace))
    for length in (0, 100, 65536 + 200, len(complete) - 1):
        path.write_bytes(complete[:length])
        with pytest.raises(CantOpen):
            next(open_sealed(stored(path), IDENTITY, workspace))


def test_a_sealed_file_opens_with_no_other_key_and_as_no_other_file(tmp_path: Path, workspace: Path) -> None:
    path = seal(tmp_path, b"words")
    with pytest.raises(CantOpen):
        next(open_sealed(stored(path), new_identity()[1], workspace))
    with pytest.raises(CantOpen):
        next(open_sealed(stored(path), IDENTITY, workspace, "0" * 64))


def test_a_reader_that_stops_halfway_leaves_no_unencrypted_file(tmp_path: Path, workspace: Path) -> None:
    path = seal(tmp_path, bytes(1_000_000))
    with contextlib.closing(open_sealed(stored(path), IDENTITY, workspace)) as reading:
        assert next(reading)
    assert list(workspace.iterdir()) == []


def test_a_source_or_disk_that_fails_while_sealing_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        sealed_files.seal_file(Broken(), stored(tmp_path / "1.original.age"), RECIPIENT)
    assert list(tmp_path.iterdir()) == []


def test_file_times_do_not_tell_when_a_file_came_or_went(tmp_path: Path) -> None:
    path = seal(tmp_path, b"words")
    assert [one.stat().st_mtime % DAY for one in (path, tmp_path)] == [0, 0]
    sealed_files.erase(FolderStore(tmp_path), ["1"])
    assert tmp_path.stat().st_mtime % DAY == 0


@pytest.mark.slow("hundreds of files")
def test_hardly_any_of_two_hundred_photos_is_recognised_by_its_size(tmp_path: Path) -> None:
    draw = random.Random(4)
    known = [int(draw.lognormvariate(12.6, 1.1)) + 4000 for _ in range(200)]
    sizes = Counter(seal(tmp_path, bytes(size)).stat().st_size // 256 for size in known)  # age adds up to 256 bytes
    assert sum(count == 1 for count in sizes.values()) <= 20


@pytest.mark.slow("hundreds of files")
def test_padding_takes_a_tenth_of_the_disk_and_is_gone_when_a_file_is_opened(tmp_path: Path, workspace: Path) -> None:
    draw = random.Random(5)
    sizes = [0, 1, 16_376, 16_377, *(int(2 ** draw.uniform(15, 23)) for _ in range(100))]
    taken = 0
    for size in sizes:
        path = seal(tmp_path, content := draw.randbytes(size))
        taken += path.stat().st_size
        assert b"".join(open_sealed(stored(path), IDENTITY, workspace)) == content
    assert 1.05 < taken / sum(sizes) < 1.12


def test_a_file_with_another_padding_yields_nothing(tmp_path: Path, workspace: Path) -> None:
    path = tmp_path / "1.original.age"
    for plain in (b"", b"words", bytes(16_376) + (16_377).to_bytes(8), bytes(16_383)):
        path.write_bytes(encrypt(plain, RECIPIENT))
        with pytest.raises(CantOpen):
            next(open_sealed(stored(path), IDENTITY, workspace), None)
