"""The write-ahead log: it is overwritten before it is truncated, never while it is needed, and no commit is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from satark.store import write_ahead_log
from satark.store.engines import make_engine, reading_engine
from satark.store.write_ahead_log import LogEraser, erase_log

WORDS = b"shred-me-completely"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path / 'main.db'}")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE t (x BLOB)"))
    yield made
    made.dispose()


def write_and_delete(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (:words)"), {"words": WORDS})
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM t"))


def log_of(engine: Engine) -> Path:
    return Path(f"{engine.url.database}-wal")


def test_the_log_is_overwritten_before_its_blocks_are_freed(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    write_and_delete(engine)
    assert WORDS in log_of(engine).read_bytes()
    freed: list[bytes] = []
    truncate = write_ahead_log._truncate

    def watched(cursor: Any) -> None:
        freed.append(log_of(engine).read_bytes())
        truncate(cursor)

    monkeypatch.setattr(write_ahead_log, "_truncate", watched)
    assert erase_log(engine)
    assert (len(freed), any(freed[0])) == (1, False)
    assert len(freed[0]) > 4096
    assert log_of(engine).read_bytes() == b""
    assert erase_log(engine), "there is nothing to do"
    assert len(freed) == 1


def test_a_log_that_a_reader_needs_stays_and_is_erased_later(engine: Engine) -> None:
    write_and_delete(engine)
    eraser = LogEraser([engine])
    eraser.note()
    with reading_engine(engine).connect() as reading:
        reading.execute(text("SELECT count(*) FROM t"))
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO t VALUES ('later')"))
        eraser.erase_if_noted()
        assert WORDS in log_of(engine).read_bytes()
        assert reading.execute(text("SELECT count(*) FROM t")).scalar() == 0
    eraser.erase_if_noted()
    assert log_of(engine).read_bytes() == b""
    with engine.begin() as connection:
        assert connection.execute(text("SELECT x FROM t")).scalar() == "later"


def test_a_commit_between_the_checkpoint_and_the_lock_is_not_overwritten(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_delete(engine)
    version = write_ahead_log._version

    def checkpointed(cursor: Any) -> int:
        found = version(cursor)
        with make_engine(str(engine.url)).begin() as other:
            other.execute(text("INSERT INTO t VALUES ('meanwhile')"))
        return found

    monkeypatch.setattr(write_ahead_log, "_version", Once(checkpointed, version))
    assert not erase_log(engine)
    engine.dispose()
    with engine.begin() as connection:
        assert connection.execute(text("SELECT x FROM t")).scalar() == "meanwhile"


class Once:
    """Calls one function the first time, and another one later."""

    def __init__(self, first: Any, later: Any) -> None:
        self._functions = [first, later]

    def __call__(self, cursor: Any) -> Any:
        """Call the next of them."""
        function = self._functions[0]
        self._functions = self._functions[-1:]
        return function(cursor)


WRITER = """
import sys
from sqlalchemy import text
from satark.store.engines import make_engine
engine = make_engine(sys.argv[1])
for n in range(int(sys.argv[2]), 10**9):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": n})
    print(n, flush=True)
"""


@pytest.mark.slow("a process")
def test_no_commit_is_lost_while_processes_write_and_are_killed(engine: Engine) -> None:
    url, erased = str(engine.url), 0
    writers = [start_writer(url, start) for start in (0, 10_000_000)]
    done: list[list[int]] = [[], []]
    readers = [threading.Thread(target=collect, args=pair) for pair in zip(writers, done, strict=True)]
    for reader in readers:
        reader.start()
    while erased < 20 or min(map(len, done)) < 100:
        erased += erase_log(engine)
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
    for reader in readers:
        reader.join()
    with engine.begin() as connection:
        stored = set(connection.execute(text("SELECT x FROM t")).scalars())
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert not {n for numbers in done for n in numbers} - stored


def start_writer(url: str, start: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, url, str(start)], stdout=subprocess.PIPE, text=True)


def collect(writer: subprocess.Popen[str], numbers: list[int]) -> None:
    """Collect the rows that a writer commits until it is killed."""
    assert writer.stdout
    with writer.stdout as lines:
        for line in filter(_is_whole, lines):
            numbers.append(int(line))  # noqa: PERF401 - the other thread watches the list grow


def _is_whole(line: str) -> bool:
    return line.endswith("\n")
