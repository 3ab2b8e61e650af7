"""Runs the canary: starts a synthetic installation, simulates tipsters, and searches all that was written."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from satark_testing.canary import places, traces
from satark_testing.canary.identifiers import Identifiers, kind_of, without
from satark_testing.canary.outside import MailAndBroker, exports, mail_and_broker
from satark_testing.canary.people import leave_draft, send_tip, share_and_forget, stay_reachable
from satark_testing.canary.places import DeletedRows
from satark_testing.identifier_search import Searcher, rows_of
from satark_testing.installation import DESKS, MEDIA, PHONE_NUMBER_ID, MatrixInstallation, matrix_installation
from satark_testing.processes.service import Service
from satark_testing.twilio.api import NUMBER

_READABLE_BY_OFFICERS: Final = ("words", "picture", "voice", "file name", "user agent")
"""What an export may hold: the tip itself. Satark chooses the names of exported files."""
_ADDRESSES: Final = ("phone", "wa_id", "BSUID", "Telegram id")
_PSEUDONYM: Final = 16
"""Number of bytes of a pseudonym that are searched for, since even a shortened pseudonym links two tips."""
_LOOKS: Final = 10
_BETWEEN_LOOKS: Final = 1.0
"""Limits of the search of the write-ahead log: how many times, and every how many seconds, before a remainder counts.
"""
_EXEMPT: Final = (
    "satark.db",
    "keys.db",
    "edge.key",
    "epoch.keys",
    "roster",
    "web_form/proof_of_work",
    "web_form/uploads",
)
"""Prefixes of files in the data folder whose times reveal no tip. Such files change constantly, never, or when officers
act; proofs of work and unfinished uploads are deleted after a limited time."""


class CanaryRun:
    """One run of the canary on one installation.

    Args:
        matrix: the running installation.
        outside: the servers that it sends to.
        folder: an empty folder of its own, for temporary files and exports.
        media: the media that tipsters use.
    """

    def __init__(
        self, matrix: MatrixInstallation, outside: MailAndBroker, folder: Path, media: tuple[str, ...] = MEDIA
    ) -> None:
        self._matrix, self._outside, self._folder, self._media = matrix, outside, folder, media
        self._made = Identifiers()
        self._begun = time.time()
        self._places: dict[str, bytes] = {}
        self._exports: dict[str, bytes] = {}
        self._finds: set[str] = set()
        self._interrupted: list[str] = []
        self._deleted = DeletedRows(places.database_urls(matrix.installation))

    async def play(self) -> None:
        """Simulate tipsters who send tips, and officers who answer."""
        watch = asyncio.create_task(self._deleted.watch())
        visits = [send_tip(self._matrix, medium, self._made) for medium in self._media]
        visits += [leave_draft(self._matrix, medium, self._made) for medium in self._media if medium != "voice"]
        if "whatsapp" in self._media:
            visits += [stay_reachable(self._matrix, self._made), share_and_forget(self._matrix, self._made)]
        try:
            ended = await asyncio.gather(*visits, return_exceptions=True)
            self._interrupted = [f"{type(error).__name__}: {error}"[:200] for error in ended if error is not None]
            urls = places.database_urls(self._matrix.installation)
            self._places |= await self._outside.sent(len(await self._matrix.tips()), urls)
        finally:
            watch.cancel()
        self._remember_ids()
        self._finds |= self._outside.finds
        self._places["rows that came and went"] = self._deleted.seen

    async def wait_for_log(self) -> None:
        """Wait until the write-ahead log holds no value of deleted rows; otherwise report what remains."""
        left: list[str] = []
        for _ in range(_LOOKS):
            left = [one for one in await asyncio.to_thread(self._deleted.left) if "-wal" in one]
            if not left:
                return
            await asyncio.sleep(_BETWEEN_LOOKS)
        self._finds |= set(left)

    async def look(self, stage: str) -> None:
        """Read everything that is written by now. `stage` labels this reading in the report."""
        seen = await asyncio.to_thread(places.written, self._matrix.installation, self._folder)
        seen |= places.processes(self._matrix.installation)
        if self._matrix.installation.service.running:
            seen["metrics"] = (await self._metrics()).encode()
            names = {name for name, _ in DESKS} | {"ARMS", "INTOX", "lanka"}
            self._finds |= set(traces.telling_metrics(seen["metrics"].decode(), names, self._outside.destinations))
        known = set(self._places.values())
        self._places |= {f"{stage}: {place}": content for place, content in seen.items() if content not in known}

    def look_for_traces(self) -> None:
        """Search for exact times and for pseudonyms of ended sessions, once no delivery waits any more."""
        installation = self._matrix.installation
        urls = places.database_urls(installation)
        self._finds |= set(traces.exact_times_in_rows(urls, self._begun))
        self._finds |= {f"{left} after the end" for left in self._deleted.left()}
        changed = places.times_of_files(installation.service.folder)
        self._finds |= set(traces.exact_times_of_files(changed, self._begun, _EXEMPT))
        edge_key = (installation.service.folder / "edge.key").read_bytes()
        names = traces.pseudonyms(edge_key, self._accounts, self._addresses())
        stored = {**places.sqlite_files(urls), **rows_of(*urls)}
        for name, pseudonym in names.items():
            self._finds |= {
                f"a {name} in {place}" for place, content in stored.items() if pseudonym[:_PSEUDONYM] in content
            }

    @property
    def _accounts(self) -> tuple[str, ...]:
        bot = self._matrix.telegram.bot_id
        return (f"whatsapp:{PHONE_NUMBER_ID}", f"telegram:{bot}", f"sms:{NUMBER}", f"voice:{NUMBER}")

    def _addresses(self) -> set[str]:
        """Return every form in which a channel may write a tipster's address."""
        found = set()
        for name, value in self._made.secrets.items():
            if kind_of(name) in _ADDRESSES and isinstance(value, str):
                found |= {value, f"+{value}", f"IN.{value}"}
        return found

    async def export(self) -> None:
        """Export everything that officers can export."""
        target = self._folder.parent / "exports"
        self._exports = await asyncio.to_thread(exports, self._matrix.installation, target)
        lists = {name: content for name, content in self._exports.items() if name.startswith("export: tips of")}
        self._finds |= set(traces.exact_times_in_texts(lists))

    def report(self) -> Report:
        """Search everything, and return the findings."""
        secrets = self._made.secrets
        searcher = Searcher(secrets, self._made.in_parts)
        finds = searcher.search(self._places)
        officers = without(secrets, *_READABLE_BY_OFFICERS)
        finds += Searcher(officers, self._made.in_parts & officers.keys()).search(self._exports)
        every = [*self._places.values(), *self._exports.values()]
        return Report(
            finds=tuple(sorted({f"{kind_of(f.kind)} as {f.encoding} in {f.place}" for f in finds} | self._finds)),
            places=len(every),
            searched_bytes=sum(map(len, every)),
            identifiers=len(secrets),
            kinds=len({kind_of(name) for name in secrets}),
            needles=searcher.needles,
            interrupted=tuple(self._interrupted),
            left_out=self._outside.left_out,
        )

    def _remember_ids(self) -> None:
        for sid in (*self._matrix.twilio.messages, *self._matrix.twilio.files):
            self._made.remember("message id", sid)
        for file in self._matrix.telegram.files:
            self._made.remember("message id", file)

    async def _metrics(self) -> str:
        url = f"{self._matrix.installation.service.url}/metrics"
        async with aiohttp.ClientSession() as client, client.get(url) as response:
            return await response.text()


async def run_canary(
    folder: Path,
    environment: Mapping[str, str] | None = None,
    media: tuple[str, ...] = MEDIA,
    *,
    broker: str = "",
    wait_for_log: bool = False,
    exported: bool = True,
) -> Report:
    """Set up a synthetic installation in an empty folder, run the canary there, and report.

    Args:
        folder: an empty folder.
        environment: further settings, such as the URLs of two empty PostgreSQL databases.
        media: the media that tipsters use.
        broker: URL of a RabbitMQ that gets copies of the tips; empty: none.
        wait_for_log: also wait until the write-ahead log is overwritten, and report what is left in it.
        exported: also have officers export everything.
    """
    temporary, outside = folder / "tmp", folder / "outside"
    for needed in (temporary, outside, folder / "host"):
        needed.mkdir()
    settings = {"TMPDIR": str(temporary), "SATARK_RECEIPT_CODES_AHEAD": "16", **(environment or {})}
    with _no_settings(folder):
        async with mail_and_broker(outside, broker) as servers:
            environment = {**servers.environment, **settings}
            async with matrix_installation(folder / "host", environment, service=Service) as matrix:
                run = CanaryRun(matrix, servers, temporary, media)
                return await _look_at(run, matrix, wait_for_log=wait_for_log, exported=exported)


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


async def _look_at(run: CanaryRun, matrix: MatrixInstallation, *, wait_for_log: bool, exported: bool) -> Report:
    await run.play()
    await run.look("running")
    if wait_for_log:
        await run.wait_for_log()
    if exported:
        await run.export()
    await matrix.installation.service.stop()
    await run.look("stopped")
    await asyncio.to_thread(run.look_for_traces)
    return await asyncio.to_thread(run.report)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run of the canary. It holds no identifier."""

    finds: tuple[str, ...]
    """One sentence per find: the kind of identifier, the encoding and the place; or another problem."""
    places: int
    """Number of files, tables, outputs and messages that were searched."""
    searched_bytes: int
    identifiers: int
    kinds: int
    needles: int
    """Number of byte strings that were searched for: every identifier in every encoding, and its parts."""
    interrupted: tuple[str, ...] = ()
    """Simulated tipsters whose visit failed, by the class of the error. The data that they would have left is not
    searched."""
    left_out: tuple[str, ...] = ()
    """What was not searched, and why."""

    def __str__(self) -> str:
        lines = [*self.finds, *(f"a tipster got lost: {what}" for what in self.interrupted)]
        lines += [f"left out: {what}" for what in self.left_out]
        lines.append(
            f"{len(self.finds)} hits: {self.identifiers} identifiers of {self.kinds} kinds, as {self.needles} byte "
            f"strings, in {self.places} places with {self.searched_bytes} bytes"
        )
        return "\n".join(lines)
