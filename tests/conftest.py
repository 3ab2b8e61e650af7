"""Fixtures for all tests: databases, a browser, and an environment without settings."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, async_playwright

from satark.testing.peers.postgres import empty_database, postgres_server


class Databases(NamedTuple):
    """URLs of an empty main database and an empty key store."""

    main: str
    keys: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Empty databases, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield Databases(f"sqlite:///{tmp_path / 'main.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
        return
    server = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        main, keys = (stack.enter_context(empty_database(server)) for _ in range(2))
        yield Databases(main, keys)


@pytest.fixture
def no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, no SATARK_ variables in the environment, and cheap passphrase derivation."""
    monkeypatch.setattr("satark_desk.keys.MEMORY_KIB", 64)
    monkeypatch.setattr("satark_desk.keys.PASSES", 1)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SATARK_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def browser_arguments() -> list[str]:
    """Command-line arguments that keep the browser off the network and give it a fake microphone."""
    return [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    ]  # fmt: skip


@pytest.fixture
async def chromium(browser_arguments: list[str]) -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=browser_arguments)
        yield browser
        await browser.close()
