"""Runs eight worlds in lock step, which differ in who told what, of which office, and when; compares their data.

Each world is an installation with the same edge key and desks, and otherwise keys of its own. Data that depend only on
a secret are equal in all worlds with that secret, and different in the others, in whatever place and encoding an
observer finds them.
"""

import asyncio
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, Protocol

import aiohttp
import click
import msgspec
from click.testing import CliRunner
from sqlalchemy import select

from satark.api.services import COMMAND_HOST
from satark.identity.time_buckets import BAND_HOURS
from satark.runtime.command_host import CommandHost
from satark.store.engines import make_engine
from satark.store.tables import delivery
from satark.store.workspace import workspace_dir
from satark_desk.command_context import unlocked_desk
from satark_desk.file_exports import export
from satark_testing.canary import listing
from satark_testing.canary.people import IN_PARTS, Secrets, Visitor, kind_of
from satark_testing.canary.telling import WORLDS, Value, World, telling
from satark_testing.identifier_search import Searcher, everything_written, files_below, tables_of
from satark_testing.installation import (
    MEDIA,
    Installation,
    MatrixInstallation,
    matrix_installation,
    set_up_installation,
)
from satark_testing.processes.service import Service
from satark_testing.waiting import until

_READER: Final = "dig"
"""The desk that may read every tip."""
_EXEMPT: Final = (
    "satark.db",
    "keys.db",
    "epoch.",
    "roster",
    "heads.json",
    "web_form/proof_of_work",
    "web_form/uploads",
)
"""Files of the data folder that change constantly or never, or when officers act, or exist only for a time."""
_READABLE_BY_OFFICERS: Final = frozenset({"words", "picture", "voice"})
_WITHOUT_TIPS: Final = (
    "/proc/",
    "log ",
    "temporary ",
    "metrics",
    "the ",
    *(f"table {name}" for name in listing.JOINED),
)
"""Beginnings of places where nothing may name a tip."""


class Carrier(Protocol):
    """A server that tips of one world are sent to."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings that make an installation send to it."""

    async def sent(self) -> list[tuple[str, Value]]:
        """Return the sent data that the server's operator can list: place and value."""


class Observer:
    """An observer of one world from outside, without keys.

    `commands`: held while a command runs in this process, since it changes the environment.
    """

    def __init__(
        self,
        installation: Installation,
        visitor: Visitor,
        carriers: Sequence[Carrier],
        *,
        temporary: Path,
        commands: asyncio.Lock,
    ) -> None:
        self._installation, self._visitor, self._carriers = installation, visitor, carriers
        self._temporary, self._commands = temporary, commands
        self._urls = listing.database_urls(installation)
        self.listing: dict[str, list[Value]] = {}
        """Place → the values that can be listed there."""
        self.finds: set[str] = set()
        """Data that reveal something in this world alone."""
        self.orders: set[str] = set()
        """Data in the order in which tips came, which may be chance."""
        self._places: dict[str, bytes] = {}
        self._exports: dict[str, bytes] = {}
        self._tips: dict[str, str | bytes] = {}

    async def wait(self, tips: int) -> None:
        """Wait until `tips` tips have come and every delivery is done; list the tips as an officer does."""
        async with self._commands:
            found = await self._installation.tips(_READER, at_least=tips)
        await until(lambda: not _waiting(self._urls[0]), every=0.25)
        for tip in found:
            self._add("export ", ((f"{name} of tips", json.dumps(value)) for name, value in tip.items()))
        self._exports["tips"] = json.dumps(found).encode()

    async def look(self) -> None:
        """List everything while nothing waits."""
        service, tables = self._installation.service, await asyncio.to_thread(tables_of, self._urls)
        metrics = await self._metrics()
        self._places["metrics"] = metrics.encode()
        self._add("", listing.of_tables(tables))
        self._add("", listing.of_files(service.folder, _EXEMPT))
        self._add("temporary ", listing.of_files(self._temporary))
        self._add("", listing.of_metrics(metrics))
        for carrier in self._carriers:
            sent = await carrier.sent()
            self._add("", sent)
            self._places |= {f"{place} {n}": str(value).encode() for n, (place, value) in enumerate(sent)}
        self.finds |= {*listing.joins(tables), *listing.log_lines(service.log.read_text())}
        self.finds.update(listing.moments(tables, time.time()))
        self.orders |= {*listing.orders(tables, self._visitor.numbers)}
        for number, tip in enumerate(tables["tip"]):
            self._tips |= {f"tip number {number}": tip["number"], f"tip id {number}": tip["id"]}
            self._tips[f"tip id {number} 2"] = bytes.fromhex(tip["id"])

    async def look_again(self, exports: Path) -> None:
        """List the rows while drafts and a reply wait, let an officer export all files, and read everything written."""
        service = self._installation.service
        self._add("waiting ", listing.of_tables(await asyncio.to_thread(tables_of, self._urls)))
        arguments = [_READER, str(self._installation.passphrase_file(_READER)), str(exports)]
        async with self._commands:
            done = await asyncio.to_thread(CliRunner(env=service.environment).invoke, _write_all, arguments)
        if done.exit_code:
            raise AssertionError(f"the exports failed: {done.output}{done.exception!r}")
        self._add("export ", listing.of_files(exports))
        self._exports |= files_below(exports)
        self._places |= everything_written(service.folder, service.folder, *self._urls)
        self._places["log "] = service.log.read_bytes()
        self._places |= {f"temporary {name}": content for name, content in files_below(self._temporary).items()}
        for pid in listing.family(service.pid):
            self._places |= listing.files_of_process(pid)

    def search(self, identifiers: dict[str, str | bytes]) -> Iterator[str]:
        """Search everything for identifiers of tipsters. Search places that should not name a tip for those of tips."""
        secrets = {**identifiers, **{f"receipt code {n}": code for n, code in enumerate(self._visitor.codes)}}
        secrets |= {f"cookie {n}": cookie for n, cookie in enumerate(self._visitor.cookies)}
        apart = {name: content for name, content in self._places.items() if name.startswith(_WITHOUT_TIPS)}
        hidden = {name: value for name, value in secrets.items() if kind_of(name) not in _READABLE_BY_OFFICERS}
        for wanted, places in ((secrets, self._places), (hidden, self._exports), (self._tips, apart)):
            parts = {name for name in wanted if kind_of(name) in IN_PARTS}
            for find in Searcher(wanted, parts).search(places):
                yield f"{kind_of(find.kind)} as {find.encoding} in {find.place}"

    @property
    def places(self) -> int:
        """Number of places that were listed or searched."""
        return len(self.listing) + len(self._places) + len(self._exports)

    def _add(self, prefix: str, values: Iterable[tuple[str, Value]]) -> None:
        for place, value in values:
            self.listing.setdefault(f"{prefix}{place}", []).append(value)

    async def _metrics(self) -> str:
        url = f"{self._installation.service.url}/metrics"
        async with aiohttp.ClientSession() as client, client.get(url) as response:
            return await response.text()


def _waiting(url: str) -> list[str]:
    """Return the destinations for which a delivery still waits."""
    engine = make_engine(url)
    with engine.connect() as connection:
        query = select(delivery.c.destination).where(delivery.c.state.in_(("due", "blocked")))
        waiting = list(connection.execute(query).scalars())
    engine.dispose()
    return waiting


@click.command()
@click.argument("desk")
@click.argument("passphrase", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def _write_all(ctx: click.Context, desk: str, passphrase: Path, folder: Path) -> None:
    """Write the files of each tip of DESK into FOLDER."""
    # What `satark desk evidence` does, without deriving a key for each tip.
    ctx.meta[COMMAND_HOST] = CommandHost(ctx)
    with unlocked_desk(desk, passphrase) as (services, unlocked):
        casework = unlocked.casework(services)
        for summary in casework.summaries():
            tip = casework.open(summary.header.number)
            target = folder / tip.tip.number
            target.mkdir(parents=True)
            list(export(casework, tip, target / "files"))


_MAY_TELL: Final = {"export": {"words", "desk"}, "waiting": {"minute"}, "table epoch_": {"minute"}}
"""Beginning of a place → the secrets that it may tell.

Officers read tips. Waiting rows have exact times. The id of the present epoch has the hour of its beginning.
"""
_TELLS: Final = " tells the "
_CONTENT: Final = " in the content of messages "
_RUNS: Final = 3
"""Most runs. A count of two values divides eight worlds as one of their secrets in 1 of 128 runs."""
_SHIFTED: Final = """
import time
real = time.time
time.time = lambda: real() + {seconds}
from satark.cli.main import cli
cli(prog_name="satark")
"""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a search. It holds no identifier."""

    finds: tuple[str, ...]
    """One sentence per find: a place and the secret that it tells, or an identifier, its encoding and the place."""
    places: int
    """Number of files, columns, outputs and messages that were compared or searched."""
    identifiers: int

    def __str__(self) -> str:
        found = f"{len(self.finds)} hits: {self.identifiers} identifiers in {self.places} places"
        return "\n".join([*self.finds, found])


class _Late(Service):
    """A service whose clock is off."""

    @property
    def command(self) -> Sequence[str]:
        """The command, which shifts the clock first."""
        return (sys.executable, "-c", _SHIFTED.format(seconds=seconds_off()), "serve", "--port", str(self.port))


def seconds_off() -> int:
    """Return the seconds by which the clock of late worlds is off: half a band, so that it stays in the same band."""
    half = BAND_HOURS * 3600 // 2
    return half if time.time() % (2 * half) < half else -half


async def run_canary(
    folder: Path,
    make_carriers: Callable[[], Sequence[Carrier]] = tuple,
    services: tuple[type[Service], type[Service]] = (Service, _Late),
) -> Report:
    """Run the worlds in an empty folder. Data that reveal a secret do so in three runs, unless by chance.

    A gigabyte of sealed messages has a few digits of an identifier by chance, too; elsewhere one find suffices.

    Args:
        folder: an empty folder.
        make_carriers: makes the servers that the tips of one world are sent to.
        services: classes of services: with the right clock, and with one that is `seconds_off`.
    """
    report = await run_worlds(folder / "1", make_carriers, services)
    for run in range(2, _RUNS + 1):
        if not any(map(_may_be_chance, report.finds)):
            break
        known = {*map(_without_number, (await run_worlds(folder / str(run), make_carriers, services)).finds)}
        finds = tuple(find for find in report.finds if not _may_be_chance(find) or _without_number(find) in known)
        report = msgspec.structs.replace(report, finds=finds)
    return report


def _may_be_chance(find: str) -> bool:
    return _TELLS in find or (" digits" in find and _CONTENT in find)


def _without_number(find: str) -> str:
    return find.rstrip("0123456789")


async def run_worlds(
    folder: Path,
    make_carriers: Callable[[], Sequence[Carrier]] = tuple,
    services: tuple[type[Service], type[Service]] = (Service, _Late),
) -> Report:
    """Run the worlds once; report data that reveal a secret, perhaps by chance, or hold an identifier."""
    await asyncio.to_thread(folder.mkdir)
    made, commands, step = Secrets.make(), asyncio.Lock(), asyncio.Barrier(len(WORLDS))
    with _no_settings(folder):
        await _make_base(folder / "base")

        async def live(here: Path, world: World) -> Observer:
            """Live in one world. Each step begins once all worlds have done the previous one."""
            carriers = make_carriers()
            async with _open(here, services[world.minute], carriers) as matrix:
                visitor = Visitor(matrix, made, world)
                observer = Observer(matrix.installation, visitor, carriers, temporary=here / "tmp", commands=commands)
                for minute in (0, 1):
                    await step.wait()
                    if world.minute == minute:
                        await visitor.send_tips(MEDIA)
                        await observer.wait(len(MEDIA))
                await step.wait()
                await observer.look()
                await visitor.leave_drafts(MEDIA)
                await observer.look_again(here / "exports")
            return observer

        async with asyncio.TaskGroup() as group:
            lives = [group.create_task(live(folder / str(n), world)) for n, world in enumerate(WORLDS)]
    return await asyncio.to_thread(_report, [life.result() for life in lives], made.identifiers)


async def _make_base(folder: Path) -> None:
    """Make the databases, the desks and the edge key that all worlds begin with."""
    await asyncio.to_thread(folder.mkdir)
    async with set_up_installation(folder, {}) as installation:
        key = installation.service.folder / "edge.key"
        key.write_bytes(secrets.token_bytes(32))
        key.chmod(0o600)


@asynccontextmanager
async def _open(folder: Path, service: type[Service], carriers: Sequence[Carrier]) -> AsyncIterator[MatrixInstallation]:
    """Start a world's installation on a copy of the base."""
    await asyncio.to_thread(shutil.copytree, folder.parent / "base", folder)
    await asyncio.to_thread((folder / "tmp").mkdir)
    environment = {"TMPDIR": str(folder / "tmp"), "SATARK_RECEIPT_CODES_AHEAD": "16"}
    for carrier in carriers:
        environment |= carrier.environment
    async with matrix_installation(folder, environment, desks=(), service=service) as matrix:
        yield matrix
    await asyncio.to_thread(shutil.rmtree, workspace_dir(folder / "data"))  # in shared memory


@contextmanager
def _no_settings(folder: Path) -> Iterator[None]:
    """Hide the settings of a real installation on this machine, so that the canary never uses it."""
    empty = folder / "satark.toml"
    empty.touch()
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SATARK_")}
    os.environ["SATARK_CONFIG"] = str(empty)
    try:
        yield
    finally:
        del os.environ["SATARK_CONFIG"]
        os.environ.update(hidden)


def _report(observers: Sequence[Observer], identifiers: dict[str, str | bytes]) -> Report:
    """Compare the worlds, and search two of them, which differ in every secret, for identifiers."""
    finds = set.intersection(*(one.orders for one in observers)).union(*(one.finds for one in observers))
    for place, secret in telling([one.listing for one in observers]):
        if not any(place.startswith(beginning) and secret in may for beginning, may in _MAY_TELL.items()):
            finds.add(f"{place}{_TELLS}{secret}")
    searched = observers[:2]  # opposites
    finds |= {find for one in searched for find in one.search(identifiers)}
    places = sum(one.places for one in observers)
    return Report(finds=tuple(sorted(finds)), places=places, identifiers=len(identifiers))
