"""Fixtures for all tests: databases, a browser, and an environment without settings."""

from __future__ import annotations

import gc
import inspect
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

import pytest
from playwright.async_api import Browser, async_playwright, expect

from satark.plugins import loader
from satark_desk import passphrases
from satark_testing.waiting import LIMIT_SECONDS
from satark_words.catalogues import Catalogue
from support.peers.postgres import clear_database, empty_database, postgres_server
from support.quick_migrations import quick_migrations
from support.settings import SETTINGS_OF_TESTS
from support.shared_dialects import shared_dialects

SLOW: Final[Mapping[str, str]] = {
    "satark_demo.server": "the demo",
    "satark_files.sandbox.sandbox": "the sandbox",
    "support.evidence.specimens": "ffmpeg",
    "support.form.service": "a host",
    "satark_testing.installation": "a Satark process",
    "satark_testing.processes.forked": "a Satark process",
    "support.processes.office": "a Satark process",
    "satark_testing.processes.service": "a Satark process",
    "support.scripted.scripted_host": "a host",
}
"""Module, or function → what the tests need that import something of it, or use a fixture whose module does."""
SLOW_MODULES: Final[Mapping[str, str]] = {"test_plugin.py": "other tools"}
MUCH_WORK: Final = frozenset((Path(__file__).parent / "much_work.txt").read_text().split())
"""Modules that take two seconds of a processor or more."""
UNUSED_BY_BROWSER: Final = (
    # What Playwright 1.65 turns off: Chromium reads the last list alone.
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "NetworkTimeServiceQuerying",
    "AimEnabled", "PreconnectToSearch", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion",
    # The popups of the address bar: two pages in a process of their own for each window, half a second of work.
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
)  # fmt: skip
"""Features of Chromium that no test needs."""
left_out: Counter[str] = Counter()


class Databases(NamedTuple):
    """URLs of an empty main database and an empty key store."""

    main: str
    keys: str


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "slow(why): needs a service or much work; `make quick` leaves it out")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs a service or much work, and put the modules with such tests first.

    Where tests run in several processes, each takes a module at a time: a module's server or browser is started once,
    and what is quick fills the end, so that all processes are busy until then.
    """
    for item in items:
        if isinstance(item, pytest.Function) and (why := why_slow(item)):
            item.add_marker(pytest.mark.slow(why))
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def why_slow(item: pytest.Function) -> str:
    """Say what a test needs that takes long; nothing if it is quick."""
    needed = [tool for mark in item.iter_markers("needs") for tool in mark.args]
    if needed:
        return str(needed[0])
    if hasattr(item, "callspec") and item.callspec.params.get("databases") == "postgresql":
        return "postgresql"
    fixtures = (one.func for each in item._fixtureinfo.name2fixturedefs.values() for one in each)
    parts = (_slow_part(inspect.unwrap(function)) for function in (item.function, *fixtures))
    if item.path.relative_to(Path(__file__).parent).as_posix() in MUCH_WORK:
        return "much work"
    return SLOW_MODULES.get(item.path.name, "") or next(filter(None, parts), "")


@cache
def _slow_part(function: FunctionType) -> str:
    """Say what of `SLOW` a function uses, by itself or through what its own module defines."""
    waiting, seen = [function.__code__], set[CodeType]()
    while waiting:
        seen.add(code := waiting.pop())
        inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for value in (function.__globals__[name] for name in code.co_names if name in function.__globals__):
            home = getattr(value, "__module__", "")
            if why := SLOW.get(home) or SLOW.get(f"{home}.{getattr(value, '__qualname__', '')}"):
                return why
            parts = vars(value).values() if inspect.isclass(value) else [value]
            mine = (part for part in parts if getattr(part, "__module__", "") == function.__module__)
            inner += [found.__code__ for part in mine if inspect.isfunction(found := inspect.unwrap(part))]
        waiting += [part for part in inner if part not in seen]
    return ""


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the slow tests that are left out, by what they need."""
    for item in items:
        for mark in item.iter_markers("slow"):
            left_out[mark.args[0]] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report to the main process, where the tests run in several."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take a worker's report: each left out the same."""
    left_out.update(Counter(getattr(node, "workeroutput", {}).get("left_out", {})) - left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which slow tests were left out."""
    if left_out:
        kinds = ", ".join(f"{count} {why}" for why, count in left_out.most_common())
        terminalreporter.write_line(f"left out: {left_out.total()} slow tests, which need: {kinds}")


def pytest_collection_finish() -> None:
    """Exempt what the collection made from garbage collection: searching it again and again is a sixth of the work."""
    gc.collect()
    gc.freeze()


class PassphraseCost(NamedTuple):
    """What Argon2id costs when a passphrase is set."""

    memory_kib: int
    passes: int


@pytest.fixture(autouse=True, scope="session")
def real_passphrase_cost() -> Iterator[PassphraseCost]:
    """The real cost of deriving a key from a passphrase; every test that does not ask for it gets a cheap one."""
    real = PassphraseCost(passphrases.MEMORY_KIB, passphrases.PASSES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrases, "MEMORY_KIB", 64)
        patch.setattr(passphrases, "PASSES", 1)
        yield real


@pytest.fixture(autouse=True, scope="session")
def migrations_made_once() -> Iterator[None]:
    """New databases repeat what the first migration in this process executed."""
    with quick_migrations():
        yield


@pytest.fixture(autouse=True, scope="session")
def statements_compiled_once() -> Iterator[None]:
    """New engines use what was compiled for earlier ones."""
    with shared_dialects():
        yield


@pytest.fixture(autouse=True, scope="session")
def trio_never_looked_for() -> Iterator[None]:
    """httpx2 looks along the whole path for `sniffio`, trio's, at each request to a site in the same process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sniffio", None)
        yield


@pytest.fixture(autouse=True, scope="session")
def installed_plugins_found_once() -> Iterator[None]:
    """What is installed on a path stays as it is: reading it of all distributions costs a command in a test 14 ms."""

    @cache
    def found(group: str, _path: tuple[str, ...]) -> EntryPoints:
        return entry_points(group=group)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "entry_points", lambda *, group: found(group, tuple(sys.path)))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_missing_texts() -> Iterator[None]:
    """A test in which a text is asked for that no catalogue has, fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Catalogue, "_in_another_language", missing_text)
        yield


def missing_text(catalogue: Catalogue, key: str) -> str:
    raise AssertionError(f"the language {catalogue.language} lacks the text {key!r}")


@pytest.fixture(autouse=True, scope="session")
def settings_of_tests() -> Iterator[None]:
    """The environment has `SETTINGS_OF_TESTS`."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS_OF_TESTS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres: str) -> Iterator[Databases]:
    """Two databases on the server, which one test after the other uses."""
    with empty_database(postgres) as main, empty_database(postgres) as keys:
        yield Databases(main, keys)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    """Empty databases, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return Databases(f"sqlite:///{tmp_path / 'main.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
    found: Databases = request.getfixturevalue("postgres_databases")
    for url in found:
        clear_database(url)
    return found


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, and no setting in the environment but `SETTINGS_OF_TESTS`."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SATARK_")]:
        monkeypatch.delenv(name)
    for name, value in SETTINGS_OF_TESTS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def browser_arguments() -> list[str]:
    """Command-line arguments that keep the browser off the network and give it a fake microphone."""
    return [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
        f"--disable-features={','.join(UNUSED_BY_BROWSER)}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
async def running_chromium(browser_arguments: list[str]) -> AsyncIterator[Browser]:
    """Debian's Chromium, started once a module."""
    expect.set_options(timeout=LIMIT_SECONDS * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=browser_arguments)
        yield browser
        await browser.close()


@pytest.fixture
async def chromium(running_chromium: Browser) -> AsyncIterator[Browser]:
    """Chromium without a context; the contexts that a test opens are closed after it."""
    yield running_chromium
    for context in running_chromium.contexts:
        await context.close()
