"""Three tiers of tests: `make quick` runs the unmarked ones, `make test` those marked `slow` too, `make full` the rest.

A test that needs an installed program, a fixture of `_NEEDED` or PostgreSQL is marked here, and every other test in its
file. Of the tests that run on both databases, a quick one runs once on PostgreSQL in `make test`; its further cases,
and those that are slow already, run there in `make full`. A test without a mark may start no process: that keeps `make
quick` quick.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from functools import wraps
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

import pytest

TIERS: Final = ("slow", "full")
_NEEDED: Final[Mapping[str, pytest.MarkDecorator]] = {
    "browser": pytest.mark.slow("pages of a whole desk"),
    "exported": pytest.mark.slow("whole packs"),
    "hostile": pytest.mark.slow("the sandbox"),
    "installed": pytest.mark.full("installs an example"),
    "make": pytest.mark.slow("ffmpeg"),
    "open_demo": pytest.mark.slow("the demo"),
    "sandbox": pytest.mark.slow("the sandbox"),
    "served": pytest.mark.slow("a web form's host"),
}
"""Fixture → the mark of the tests that need it."""
_WHOLE_FILE: Final = re.compile(r"^pytestmark = pytest\.mark\.(slow|full|needs)\(", re.MULTILINE)
_STARTS: Final = (
    (subprocess.Popen, "__init__"),
    (BaseProcess, "start"),
    (os, "fork"),
    (os, "forkpty"),
    (os, "posix_spawn"),
)
"""What starts a process. It is replaced: with an audit hook in Python, a fiftieth of all work is told to that hook."""
_started: Final[list[str]] = []
"""Processes that the running test has started."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, and record the processes that are started."""
    config.addinivalue_line(
        "markers", "slow(why): a tenth of a second of a processor, a process or a service: not in `make quick`"
    )
    config.addinivalue_line("markers", "full(why): in `make full` alone")
    patch = pytest.MonkeyPatch()
    for owner, name in _STARTS:
        patch.setattr(owner, name, _noted(getattr(owner, name)))
    config.add_cleanup(patch.undo)


def _noted(start: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(start)
    def noted(*arguments: Any, **named: Any) -> Any:
        _started.append(start.__qualname__)
        return start(*arguments, **named)

    return noted


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out a file all of whose tests have a mark that is not wanted: each process would import it for nothing."""
    unwanted = [tier for tier in TIERS if f"not {tier}" in config.option.markexpr]
    if not unwanted or collection_path.suffix != ".py":
        return None
    mark = _WHOLE_FILE.search(collection_path.read_text("utf-8"))
    return True if mark and mark[1].replace("needs", "slow") in unwanted else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    """Refuse a mark without a reason, and name its file."""
    report: pytest.CollectReport = yield
    marks = ((item, mark) for item in report.result for mark in item.iter_markers() if mark.name in TIERS)
    bare = sorted({f"{item.nodeid}: {mark.name}(why) needs its reason" for item, mark in marks if not _reason(mark)})
    if bare:
        report.outcome, report.longrepr, report.result = "failed", "\n".join(bare), []
    return report


def _reason(mark: pytest.Mark) -> bool:
    return len(mark.args) == 1 and isinstance(mark.args[0], str) and bool(mark.args[0]) and not mark.kwargs


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that need programs or PostgreSQL, and put the files with marked tests first.

    Where tests run in several processes, each takes a file at a time: what is quick fills the end, so that all
    processes are busy until then.
    """
    on_postgresql = set[object]()
    for item in items:
        for needed in item.iter_markers("needs"):
            item.add_marker(pytest.mark.slow(str(needed.args[0])))
        for fixture in _NEEDED.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(_NEEDED[fixture])
        if isinstance(item, pytest.Function) and _database(item) == "postgresql":
            further = _is_marked(item) or item.function in on_postgresql
            item.add_marker(pytest.mark.full("postgresql") if further else pytest.mark.slow("postgresql"))
            on_postgresql.add(item.function)
    marked = {item.path for item in items if _is_marked(item)}
    items.sort(key=lambda item: item.path not in marked)


def _database(item: pytest.Function) -> object:
    return item.callspec.params.get("databases") if hasattr(item, "callspec") else None


def _is_marked(item: pytest.Item) -> bool:
    return any(mark.name in TIERS for mark in item.iter_markers())


def pytest_runtest_setup() -> None:
    """Forget the processes of the test before."""
    _started.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Any:
    """Fail a test that started a process without a mark. What a fixture starts when it ends does not count."""
    started = tuple(_started)
    yield
    if started and not _is_marked(item):
        pytest.fail(f"a test that is neither slow nor full started {', '.join(started)}", pytrace=False)
