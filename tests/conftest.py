"""Fixtures for all tests: databases, a browser, and an environment without settings."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Final, NamedTuple
from weakref import WeakSet

import hypothesis
import psycopg
import pytest
from playwright.async_api import Browser, async_playwright, expect
from sqlalchemy import Pool, event

from satark.plugins import loader
from satark_desk import passphrases
from satark_files.sandbox.protections import find_protections
from satark_testing.waiting import LIMIT_SECONDS
from satark_words.catalogues import Catalogue
from support.peers.postgres import clear_database, empty_database, postgres_server
from support.quick_migrations import quick_migrations
from support.settings import SETTINGS_OF_TESTS
from support.shared_dialects import shared_dialects

pytest_plugins = ["support.programs", "support.tiers"]
# A machine that is busy fails no test: hypothesis would by default. Each run tries other examples, so forty are enough.
hypothesis.settings.register_profile(
    "any machine", max_examples=40, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

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


class Databases(NamedTuple):
    """URLs of an empty main database and an empty key store."""

    main: str
    keys: str


def pytest_collection_finish() -> None:
    """Exempt objects of the collection from garbage collection: searching them repeatedly is a sixth of the work.

    What the system protects is looked for by a process of its own, once: no test is to be blamed for it.
    """
    find_protections()
    gc.collect()
    gc.freeze()


class PassphraseCost(NamedTuple):
    """The cost of Argon2id when a passphrase is set."""

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
    """New engines use the statements that earlier engines compiled."""
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
    """Cache the plugins installed on a path: reading all distributions costs a command in a test 14 ms."""

    @cache
    def found(group: str, _path: tuple[str, ...]) -> EntryPoints:
        return entry_points(group=group)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "entry_points", lambda *, group: found(group, tuple(sys.path)))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_missing_texts() -> Iterator[None]:
    """Fail a test in which a text is requested that no catalogue has."""
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
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Empty databases, once on SQLite and once on PostgreSQL, where the test must close what it opens.

    A connection that stays open would be told of in a test that runs when it happens to be collected.
    """
    if request.param == "sqlite":
        yield Databases(f"sqlite:///{tmp_path / 'main.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
        return
    found: Databases = request.getfixturevalue("postgres_databases")
    for url in found:
        clear_database(url)
    opened = WeakSet[psycopg.Connection]()

    def note(connection: object, _record: object) -> None:
        if isinstance(connection, psycopg.Connection):
            opened.add(connection)

    event.listen(Pool, "connect", note)
    yield found
    event.remove(Pool, "connect", note)
    left = [connection for connection in opened if not connection.closed]
    for connection in left:
        connection.close()
    assert not left, "the test did not close its services"


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
