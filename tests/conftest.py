"""Fixtures for all tests: databases, a browser, and an environment without settings."""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, async_playwright

from satark.testing.peers.postgres import clear_database, empty_database, postgres_server
from satark_desk import passphrases

RECEIPT_CODES_AHEAD = "SATARK_RECEIPT_CODES_AHEAD"
FEW = "16"


class Databases(NamedTuple):
    """URLs of an empty main database and an empty key store."""

    main: str
    keys: str


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
def few_receipt_codes() -> Iterator[None]:
    """Every host in a test makes few receipt codes ahead: the usual thousand are three seconds of work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(RECEIPT_CODES_AHEAD, FEW)
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
    """An empty working directory, and no setting in the environment but a small stock of receipt codes."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SATARK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(RECEIPT_CODES_AHEAD, FEW)


@pytest.fixture(scope="module")
def browser_arguments() -> list[str]:
    """Command-line arguments that keep the browser off the network and give it a fake microphone."""
    return [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    ]  # fmt: skip


@pytest.fixture(scope="module")
async def running_chromium(browser_arguments: list[str]) -> AsyncIterator[Browser]:
    """Debian's Chromium, started once a module."""
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
