"""Looks for faults every few seconds. It needs no database."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from satark.api.background import run_in_thread
from satark.api.observability import describe_error, log
from satark.custody.comparison import note_stores
from satark.identity.edge_key import Identity
from satark.retention.erasure import ErasedList
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
from satark.settings.settings import Settings
from satark.store.unit_of_work import SnapshotBusy
from satark.telemetry.faults import Fault
from satark.telemetry.metrics import Metrics

EVERY = 15.0
"""Seconds between two looks."""
LOOK_SECONDS = 20.0
"""Seconds after which a look itself counts as a fault: a stopped database server or a hung disk gives no answer."""
_HANGS: Final = Fault(
    "database_hangs",
    "a database or a disk does not answer, not even with an error",
    "look whether its server is stopped or a table is locked, and restart it (docs/runbook.md#the-database)",
    stops=True,
)
CERTIFICATE_EVERY = 25.0
"""Seconds between two looks at the public address and its certificate."""
UNREACHED_EVERY = 3600.0
"""The same where this machine never reached that address: its network may not lead there."""
ISOLATION_EVERY = 90.0
"""Seconds between two looks at the isolation of the program that opens citizens' files."""
MISSING_FIRST, MISSING_EVERY = 60.0, 3600.0
"""Seconds from the start to the first look for deleted tips, and between two. Each reads 15,000 tips a second."""

_UNREACHED: Final = Fault(
    "public_address_down",
    "public_url does not answer any more",
    "look at the proxy, the name and the network: no citizen and no provider gets through",
)
_NOT_LOOKED: Final = Fault(
    "missing_unknown",
    "the look for deleted tips failed twice, so that nobody would tell of one",
    "see the log; a row that can't be read may have been written for this (docs/runbook.md#the-stores-differ)",
)
_TAMPERED: Final = Fault(
    "roster_tampered",
    "the databases say something else on who may read than officers have signed",
    "run: satark roster verify (docs/operations.md); nothing is sealed to what is not signed",
)


class FaultWatch:
    """Looks for the faults that a process can see, in any role.

    `opens_files`: whether the process opens citizens' files, which must happen in isolation.
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
        file = settings.erased_list_file
        self._erased_tag = ErasedList(file, identity, services.keys).tag if identity else None
        self._looks_at_isolation = opens_files and not settings.core.evidence.allow_weak_isolation
        core = settings.core
        self._configured = frozenset({rule.to for rule in services.destination_rules} | set(core.alarm_to))
        self.clock = ClockWatch()
        moments = 60 * max(core.delivery_minutes, core.office_minutes)
        self.waits = dependency_faults.WaitWatch(services, 2 * max(MISSING_EVERY, moments))
        self._files = FileWatch(_files(services, settings))
        self._looking: asyncio.Task[dict[str, list[Fault]]] | None = None
        self._certificate_due, self._was_reached = time.monotonic() + CERTIFICATE_EVERY, False
        self._isolation_due = time.monotonic() + ISOLATION_EVERY
        self._missing_failed = False

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look_once()
            await asyncio.sleep(EVERY)

    async def run_missing(self) -> None:
        """Look for deleted tips until cancelled."""
        await asyncio.sleep(MISSING_FIRST)
        while True:
            ended = await self.look_for_missing()
            await asyncio.sleep(MISSING_EVERY if ended else MISSING_FIRST)

    async def look_for_missing(self) -> bool:
        """Look once for deleted tips, late deliveries, machines that see something else; return whether it could."""
        try:
            found = await run_in_thread(dependency_faults.missing_faults, self._services, self._erased_tag)
            losses = await run_in_thread(dependency_faults.loss_faults, self._services)
            waiting = await run_in_thread(self.waits.faults, time.time())
            machines = await run_in_thread(dependency_faults.machine_faults, self._services, time.time())
        except Exception as error:  # noqa: BLE001 - whoever makes each look fail deletes tips unseen
            log.error("the look for deleted tips failed", **describe_error(error))
            if self._missing_failed:
                self._faults.show("missing", [_NOT_LOOKED])
            self._missing_failed = True
            return False
        self._faults.show("missing", found)
        self._faults.show("losses", losses)
        self._faults.show("waits", waiting)
        self._faults.show("machines", machines)
        self._missing_failed = False
        return True

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
            found["certificate"] = self._certificate_faults()
            self._certificate_due = time.monotonic() + (CERTIFICATE_EVERY if self._was_reached else UNREACHED_EVERY)
        if self._looks_at_isolation and time.monotonic() >= self._isolation_due:
            self._isolation_due = time.monotonic() + ISOLATION_EVERY
            found["isolation"] = isolation_faults()
        if found["answers"]:
            return found
        found["writes"] = dependency_faults.write_faults(self._services)
        try:
            with suppress(OSError):  # the disk's own fault tells
                note_stores(self._services)  # first: whoever makes a look fail hides no tip that came before
            found["keys"] = list(key_faults(self._identity, self._services))
            problems = self._services.inspect_rosters(self._services.destination_rules)
            self._metrics.roster_alarms.set(len(problems))
            found["roster"] = [_TAMPERED] if problems else []
            self._services.restore_heads()
            found["queues"] = dependency_faults.queue_faults(self._services, self._configured)
            with suppress(SnapshotBusy):  # `look_for_missing` tells of a second one
                found["losses"] = dependency_faults.loss_faults(self._services)
            found["clock"] = list(self.clock.faults(dependency_faults.server_time(self._services)))
        except SQLAlchemyError:  # it went away just now: the next look tells
            return found
        return found

    def _certificate_faults(self) -> list[Fault]:
        """Look at the public address: it must answer once it did, unless this machine never reached it."""
        try:
            found = certificate_faults(self._settings.core.public_url)
        except OSError:
            return [_UNREACHED] if self._was_reached else []
        self._was_reached = True
        return found


def _files(services: ProcessServices, settings: Settings) -> dict[str, Path]:
    """Return the files that must not change while the process runs: name → path."""
    databases = {"database": services.main.url, "key_store": services.keys.url}
    return {
        "edge_key": settings.edge_key_file,
        "epoch_keys": settings.epoch_key_file,
        "name_key": settings.name_key_file,
        "data": settings.core.data_dir,
        **{name: Path(url.database or "") for name, url in databases.items() if url.drivername.startswith("sqlite")},
    }
