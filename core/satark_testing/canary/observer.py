"""Looks at one world: everything that can be listed there, and everything that is written there."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import aiohttp
import click
from click.testing import CliRunner
from sqlalchemy import select

from satark.api.services import COMMAND_HOST
from satark.runtime.commands import CommandHost
from satark.store.engines import make_engine
from satark.store.tables import delivery
from satark_desk.command_context import unlocked_desk
from satark_desk.file_exports import export
from satark_testing.canary import listing
from satark_testing.canary.people import IN_PARTS, Visitor, kind_of
from satark_testing.canary.telling import Value
from satark_testing.identifier_search import Searcher, everything_written, files_below
from satark_testing.installation import Installation
from satark_testing.waiting import until

_READER: Final = "dig"
"""The desk that may read every tip."""
_EXEMPT: Final = ("satark.db", "keys.db", "epoch.keys", "roster", "web_form/proof_of_work", "web_form/uploads")
"""Files of the data folder that change constantly, never, when officers act, or are deleted after a limited time."""
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
        """Return what the server's operator can list of what was sent: place and value."""


class Observer:
    """Whoever sees one world from outside, without keys.

    Args:
        installation: the world's.
        visitor: its tipster.
        carriers: the servers that its tips are sent to.
        temporary: its folder for temporary files.
        commands: held while a command runs in this process, since it changes the environment.
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
        """What can be listed: place → values."""
        self.finds: set[str] = set()
        """What tells something in this world alone."""
        self.orders: set[str] = set()
        """What lies in the order in which tips came, which may be chance."""
        self._places: dict[str, bytes] = {}
        self._exports: dict[str, bytes] = {}
        self._tips: dict[str, str | bytes] = {}

    async def wait(self, tips: int) -> None:
        """Wait until so many tips have come and every delivery is done; list the tips as an officer does."""
        async with self._commands:
            found = await self._installation.tips(_READER, at_least=tips)
        await until(lambda: not _waiting(self._urls[0]), every=0.25)
        for tip in found:
            self._add("export ", ((f"{name} of tips", json.dumps(value)) for name, value in tip.items()))
        self._exports["tips"] = json.dumps(found).encode()

    async def look(self) -> None:
        """List everything while nothing waits."""
        service, tables = self._installation.service, await asyncio.to_thread(listing.tables_of, self._urls)
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
        self.orders |= {*listing.orders(tables, self._visitor.numbers)}
        for number, tip in enumerate(tables["tip"]):
            self._tips |= {f"tip number {number}": tip["number"], f"tip id {number}": tip["id"]}
            self._tips[f"tip id {number} 2"] = bytes.fromhex(tip["id"])

    async def look_again(self, exports: Path) -> None:
        """List the rows while drafts and a reply wait; have an officer export all files; read all that is written."""
        service = self._installation.service
        self._add("waiting ", listing.of_tables(await asyncio.to_thread(listing.tables_of, self._urls)))
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
        """Search everything for identifiers of tipsters; what should not name a tip, for those of tips."""
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
