"""Looks for faults every few seconds, and tells the operators of each fault and its end, and that a process works.

Neither needs the database.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import run_in_thread
from satark.api.observability import log
from satark.api.routing import Destination
from satark.api.sink import Delivery, Done, Sink
from satark.custody.comparison import note_stores
from satark.identity.edge_key import Identity
from satark.runtime import dependency_faults
from satark.runtime.key_faults import FileWatch, key_faults
from satark.runtime.machine_faults import (
    ClockWatch,
    backup_ages,
    backup_faults,
    certificate_faults,
    disk_faults,
    isolation_faults,
    spool_faults,
)
from satark.services import ProcessServices
from satark.settings.core import Core, Role
from satark.settings.settings import Settings
from satark.store.unit_of_work import SnapshotBusy
from satark.telemetry.faults import Fault, Faults
from satark.telemetry.metrics import Metrics
from satark_files import atomic_files
from satark_files.decoding import DECODING_ERRORS

EVERY = 15.0
"""Seconds between two looks."""
LOOK_SECONDS = 20.0
"""Seconds after which a look is a fault itself: a stopped database server or a hung disk answers nothing at all."""
_HANGS: Final = Fault(
    "database_hangs",
    "a database or a disk does not answer, not even with an error",
    "look whether its server is stopped or a table is locked, and restart it (docs/runbook.md#the-database)",
    stops=True,
)
CERTIFICATE_FIRST = 60.0
"""Seconds from the start to the first look at the public address's certificate."""
CERTIFICATE_EVERY = 3600.0
"""Seconds between two looks at that certificate."""
ISOLATION_EVERY = 90.0
"""Seconds between two looks at the isolation of the program that opens citizens' files."""

_TAMPERED: Final = Fault(
    "roster_tampered",
    "the databases say something else on who may read than officers have signed",
    "run: satark roster verify (docs/operations.md); nothing is sealed to what is not signed",
)


class FaultWatch:
    """Looks for the faults that a process can see, in any role.

    Args:
        services: the stores.
        metrics: get the reports of faults.
        settings: folders, limits, and who gets alarms.
        identity: the edge key and the epoch keys, if the process has them.
        opens_files: whether the process opens citizens' files, which must happen in isolation.
    """

    def __init__(
        self,
        services: ProcessServices,
        metrics: Metrics,
        settings: Settings,
        *,
        identity: Identity | None = None,
        opens_files: bool = False,
    ) -> None:
        self._services, self._metrics, self._faults, self._settings = services, metrics, metrics.faults, settings
        self._identity = identity
        self._looks_at_isolation = opens_files and not settings.core.evidence.allow_weak_isolation
        core = settings.core
        self._configured = frozenset({rule.to for rule in services.destination_rules} | set(core.alarm_to))
        self.clock = ClockWatch()
        self._files = FileWatch(_files(services, settings))
        self._looking: asyncio.Task[dict[str, list[Fault]]] | None = None
        self._certificate_due = time.monotonic() + CERTIFICATE_FIRST
        self._isolation_due = time.monotonic() + ISOLATION_EVERY

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look_once()
            await asyncio.sleep(EVERY)

    async def look_once(self) -> None:
        """Look once; report which faults began and which are over."""
        self._metrics.end_bands()
        self._looking = looking = self._looking or asyncio.create_task(run_in_thread(self._look))
        answered, _ = await asyncio.wait({looking}, timeout=LOOK_SECONDS)
        self._faults.show("hang", () if answered else (_HANGS,))
        if answered:
            self._looking = None
            for what, seconds in backup_ages(self._settings.core.data_dir).items():
                self._metrics.backup_age.labels(what).set(seconds)
            for group, found in looking.result().items():
                self._faults.show(group, found)
        self._faults.end_expired()

    def _look(self) -> dict[str, list[Fault]]:
        """Return the faults by group. A group that can't be examined now is left out: its faults stay as they were."""
        core = self._settings.core
        found = {
            "disk": list(disk_faults(core.data_dir, core.disk_reserve_bytes)),
            "spool": list(spool_faults(self._settings)),
            "backup": list(backup_faults(self._settings)),
            "files": list(self._files.faults()),
            "answers": dependency_faults.answer_faults(self._services),
        }
        if time.monotonic() >= self._certificate_due:
            self._certificate_due = time.monotonic() + CERTIFICATE_EVERY
            found["certificate"] = certificate_faults(core.public_url)
        if self._looks_at_isolation and time.monotonic() >= self._isolation_due:
            self._isolation_due = time.monotonic() + ISOLATION_EVERY
            found["isolation"] = isolation_faults()
        if found["answers"]:
            return found
        found["writes"] = dependency_faults.write_faults(self._services)
        try:
            found["keys"] = list(key_faults(self._identity, self._services))
            problems = self._services.inspect_rosters(self._services.destination_rules)
            self._metrics.roster_alarms.set(len(problems))
            found["roster"] = [_TAMPERED] if problems else []
            found["queues"] = dependency_faults.queue_faults(self._services, self._configured)
            with suppress(SnapshotBusy):
                found["losses"] = dependency_faults.loss_faults(self._services)
            with suppress(OSError):  # the disk's own fault tells
                note_stores(self._services)
            found["clock"] = list(self.clock.faults(dependency_faults.server_time(self._services)))
        except SQLAlchemyError:  # it went away just now: the next look tells
            return found
        return found


def _files(services: ProcessServices, settings: Settings) -> dict[str, Path]:
    """Return the files that must stay what they are while the process runs: name → path."""
    databases = {"database": services.main.url, "key_store": services.keys.url}
    return {
        "edge_key": settings.edge_key_file,
        "epoch_keys": settings.epoch_key_file,
        "name_key": settings.name_key_file,
        **{name: Path(url.database or "") for name, url in databases.items() if url.drivername.startswith("sqlite")},
    }


ALARMS_EVERY = 30.0
"""Seconds between two looks for what the operators were not told yet, and between two heartbeats."""
ALARM_TIMEOUT = 60.0
"""Seconds that one alarm, or one heartbeat, may take to be delivered."""
SETTLED = 180.0
"""Seconds from the start after which a process has looked for every fault of which an earlier process told."""
_BY_WORKER: Final = ("backup", "certificate", "losses", "queues", "roster")
"""Groups of faults that every process finds alike. What waits for a worker is told by the others too."""
_COUNTED: Final = frozenset({"dead_letters"})
"""Faults that are told again when their number changes: each dead letter is a tip that reached nobody."""
_BY_URL: Final = "alarm_url"


class Alarms:
    """Tells the operators of each fault and of its end, through sinks of its own: no database is in between.

    Args:
        faults: the process's.
        core: who is told, and the data folder, where a file remembers what they were told over restarts.
        make_sinks: makes the sinks again, only to deliver an alarm.
        roles: the process's. What every process finds in the databases is told by those with the role worker.
    """

    def __init__(
        self, faults: Faults, core: Core, make_sinks: Callable[[], Iterable[Sink]], roles: Collection[Role]
    ) -> None:
        self._faults, self._make_sinks, self._roles = faults, make_sinks, roles
        self._url, self._heartbeat = core.alarm_url, core.heartbeat_url
        self._file = core.data_dir / f"alarms.{'-'.join(sorted(roles))}"
        before: dict[str, dict[str, str]] = {}
        with suppress(OSError, *DECODING_ERRORS):
            before = msgspec.json.decode(self._file.read_bytes(), type=dict[str, dict[str, str]])
        to = (*core.alarm_to, *([_BY_URL] if core.alarm_url else []))
        self._told = {one: before.get(one, {}) for one in to}
        """Destination → the faults, by code, of which it was told, and not yet of the end."""
        self._before = frozenset(code for told in before.values() for code in told)
        self._settled = time.monotonic() + SETTLED

    async def run(self) -> None:
        """Tell until cancelled; call the dead-man's switch while nothing keeps this process from taking messages."""
        while True:
            await self.tell_once()
            await asyncio.sleep(ALARMS_EVERY)
            if self._heartbeat and not any(fault.stops for fault in self._faults.current):
                await _call(self._heartbeat)

    async def tell_once(self) -> None:
        """Tell each destination what is new. What can't be delivered is told the next time."""
        found = {one.code: str(one) for one in self._faults.current if self._tells(one)}
        early = self._before if time.monotonic() < self._settled else frozenset()  # these may not be over
        for destination, told in self._told.items():
            now = {code: text for code, text in told.items() if code in early} | found
            news = (code for code in found if code not in told or (code in _COUNTED and told[code] != found[code]))
            lines = [f"{code}: {found[code]}" for code in news]
            lines += [f"{code} is over" for code in sorted(told.keys() - now)]
            if lines and await self._deliver(destination, "\n".join(lines)):
                self._told[destination] = now
                with suppress(OSError):
                    atomic_files.replace(self._file, [msgspec.json.encode(self._told)])

    def _tells(self, fault: Fault) -> bool:
        is_everybodys = any(fault.code in self._faults.groups.get(one, ()) for one in _BY_WORKER)
        return "worker" in self._roles or not is_everybodys or fault.code.endswith("_wait")

    async def _deliver(self, to: str, text: str) -> bool:
        if to == _BY_URL:
            return await _call(self._url, {"text": text})
        key, name = f"alarm:{time.time_ns()}", Destination(to)
        delivery = Delivery(
            idempotency_key=key, tip=key, destination=name, desk="", revision=1, attempt=1, envelope=b"", document=b"",
            alarm=text,
        )  # fmt: skip
        try:
            sink = next(one for one in self._make_sinks() if one.name == name.sink)
            async with asyncio.timeout(ALARM_TIMEOUT):
                with suppress(Exception):  # what it opens may need the database that is down
                    await sink.open()
                try:
                    return isinstance(await sink.deliver(delivery), Done)
                finally:
                    await sink.close()
        except Exception as error:  # noqa: BLE001 - whatever a sink raises, it is told again
            log.error("an alarm could not be delivered", sink=name.sink, error=type(error).__name__)
            return False


async def _call(url: str, body: object = None) -> bool:
    """Call an address of the operator's, with a body or without; return whether it accepted that."""
    timeout = aiohttp.ClientTimeout(total=ALARM_TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.request("POST" if body else "GET", url, json=body, allow_redirects=False) as answer,
        ):
            return answer.status < 300  # noqa: PLR2004 - HTTP: success
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        log.error("an address of the operator's does not answer", error=type(error).__name__)
        return False
