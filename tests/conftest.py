"""What every room's tests share: the databases, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, async_playwright

from satark.testing.peers.postgres import empty_database, postgres_server


class Databases(NamedTuple):
    """The URLs of a main database and of a key store, both empty."""

    main: str
    keys: str


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Two empty databases, of each kind in turn."""
    if request.param == "sqlite":
        yield Databases(f"sqlite:///{tmp_path / 'main.db'}", f"sqlite:///{tmp_path / 'keys.db'}")
        return
    server = request.getfixturevalue("postgres")
    with ExitStack() as stack:
        main, keys = (stack.enter_context(empty_database(server)) for _ in range(2))
        yield Databases(main, keys)


@pytest.fixture
def browser_arguments() -> list[str]:
    """What the browser is started with: asking nobody for anything, and with a microphone that is none."""
    return [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    ]  # fmt: skip


@pytest.fixture
async def chromium(browser_arguments: list[str]) -> AsyncIterator[Browser]:
    """Debian's browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=browser_arguments)
        yield browser
        await browser.close()
