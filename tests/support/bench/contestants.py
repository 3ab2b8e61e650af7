"""The contestants of the benchmark: how each is prepared and started."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from support.bench.scenarios import Scenario
from support.bench.stored import store
from support.bench.whatsapp_webhooks import PHONE_NUMBER_ID
from support.older_source import older_source
from support.peers.postgres import empty_database, postgres_server

SECRET = "a secret of this benchmark"


class Site(NamedTuple):
    """The folder and port of a contestant, the base URL of the stub Graph API, and the scenario."""

    folder: Path
    port: int
    graph_url: str
    scenario: Scenario


class Launch(NamedTuple):
    """The command that starts a contestant, and its environment."""

    command: list[str]
    environment: dict[str, str]


@contextmanager
def floor(site: Site) -> Iterator[Launch]:
    """The minimal bot."""
    yield _floor(site, str(site.folder / "floor.db"))


@contextmanager
def floor_on_postgres(site: Site) -> Iterator[Launch]:
    """The minimal bot on an empty PostgreSQL database."""
    with postgres_server() as server, empty_database(server) as url:
        yield _floor(site, url.replace("postgresql+psycopg:", "postgresql:"))


@contextmanager
def pywa(site: Site) -> Iterator[Launch]:
    """A bot with pywa, if that is installed."""
    yield _floor(site, str(site.folder / "pywa.db"), "pywa_bot")


def _floor(site: Site, database: str, bot: str = "floor") -> Launch:
    environment = {
        "FLOOR_SECRET": SECRET,
        "FLOOR_DATABASE": database,
        "FLOOR_MESSAGES_URL": f"{site.graph_url}/v26.0/{PHONE_NUMBER_ID}/messages",
    }
    return Launch([sys.executable, "-m", f"support.bench.{bot}", str(site.port)], environment)


@contextmanager
def satark_on_sqlite(site: Site, *options: str) -> Iterator[Launch]:
    """Satark with the embedded databases in its data folder."""
    yield _satark(site, f"sqlite:///{site.folder / 'main.db'}", *options)


@contextmanager
def satark_on_postgres(site: Site, *options: str) -> Iterator[Launch]:
    """Satark on a PostgreSQL database."""
    with postgres_server() as server, empty_database(server) as url, _dump(site, url):
        yield _satark(site, url, *options)


@contextmanager
def _dump(site: Site, url: str) -> Iterator[None]:
    """Hold a snapshot open, as `pg_dump` does, if the scenario says so."""
    if not site.scenario.is_dumped:
        yield
        return
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:")) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        yield


@contextmanager
def satark_of(commit: str, site: Site) -> Iterator[Launch]:
    """Satark as it was at a commit, with the embedded databases and the libraries that are installed now."""
    with tempfile.TemporaryDirectory() as folder:
        code = older_source(commit, Path(folder, "code"))
        yield _satark(site, f"sqlite:///{site.folder / 'main.db'}", code=code)


def _satark(site: Site, database: str, *options: str, code: str = "") -> Launch:
    keys = f"sqlite:///{site.folder / 'keys.db'}"
    environment = {
        "SATARK_DATABASE_URL": database,
        "SATARK_KEYS_URL": keys,
        "SATARK_DATA_DIR": str(site.folder / "data"),
        "SATARK_PUBLIC_URL": f"http://127.0.0.1:{site.port}",
        "SATARK_WHATSAPP__APP_SECRET": SECRET,
        "SATARK_WHATSAPP__VERIFY_TOKEN": "not asked for here",
        "SATARK_WHATSAPP__ACCESS_TOKEN": "a token that the stub does not check",
        "SATARK_WHATSAPP__PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "SATARK_WHATSAPP__GRAPH_URL": site.graph_url,
        "PYTHONPATH": code or os.environ.get("PYTHONPATH", ""),
    }
    satark = str(Path(sys.executable).with_name("satark"))
    _prepare(satark, site.folder, os.environ | environment)
    store(database, keys, site.scenario)
    return Launch([satark, "serve", "--role", "web,worker", "--port", str(site.port), *options], environment)


def _prepare(satark: str, folder: Path, environment: dict[str, str]) -> None:
    """Create the tables, and two desks with one officer each, so that tips are sealed as in production."""
    passphrase = folder / "passphrase.txt"
    passphrase.write_text("five plain words for benchmarks\n")
    passphrase.chmod(0o600)
    for arguments in (
        ["db", "upgrade"],
        ["desk", "add", "sp", "--passphrase-file", str(passphrase)],
        ["desk", "add", "dig", "--level", "range", "--passphrase-file", str(passphrase)],
    ):
        subprocess.run([satark, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


Contestant = Callable[[Site], AbstractContextManager[Launch]]
"""Prepares a site and yields how to start the bot there."""

CONTESTANTS: dict[str, Contestant] = {
    "floor": floor,
    "pywa": pywa,
    "satark (SQLite)": satark_on_sqlite,
    "satark (SQLite, 2 workers)": lambda site: satark_on_sqlite(site, "--workers", "2"),
    "floor (PostgreSQL)": floor_on_postgres,
    "satark (PostgreSQL)": satark_on_postgres,
    "satark (PostgreSQL, 2 workers)": lambda site: satark_on_postgres(site, "--workers", "2"),
    "satark (PostgreSQL, 4 workers)": lambda site: satark_on_postgres(site, "--workers", "4"),
    "satark (PostgreSQL, 8 workers)": lambda site: satark_on_postgres(site, "--workers", "8"),
}
FLOORS = {
    name: "floor (PostgreSQL)" if "PostgreSQL" in name else "floor" for name in CONTESTANTS if name.startswith("satark")
}
"""Contestant → the contestant that it is compared with, if both run."""


def takes_part(contestant: str, scenario: Scenario) -> bool:
    """Return whether a contestant can run in a scenario.

    Each contestant has one database, and a floor fetches no photos.
    """
    database = "PostgreSQL" if "PostgreSQL" in contestant else "SQLite"
    return scenario.only in {None, database} and not (scenario.photos and contestant in FLOORS.values())
