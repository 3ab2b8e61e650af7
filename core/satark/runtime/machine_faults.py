"""Looks for faults of the machine: of its disk, clock, spool and isolation, and of its public certificate."""

import asyncio
import errno
import os
import shutil
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from satark.api.egress import open_connection
from satark.ingest.spool import quarantined, waiting
from satark.settings.settings import Settings
from satark.store.unit_of_work import CLOCKS_APART
from satark.telemetry.faults import Fault
from satark_files import atomic_files
from satark_files.sandbox.protections import describe, look_for_protections

CLOCK_SECONDS: Final = 300
"""Seconds by which a clock may be set. Two that differ from the database's differ twice as much from one another."""
SPOOL_SHARE: Final = 0.8
"""Share of the spool's limits above which a fault reports that the spool is filling."""
BACKUP_DAYS: Final = 2
"""Age of the last backup above which it is a fault."""
CERTIFICATE_DAYS: Final = 14
"""Days before its end from which a certificate is a fault: it should have been renewed by then."""
_CONNECT_SECONDS: Final = 5.0
_DAY: Final = 86_400
DRILL_DAYS: Final = 35
"""Age of the last drill that passed above which it is a fault."""
_BACKUP_MADE, _DRILL_MADE, _DRILL_FAILED = "backup.made", "drill.made", "drill.failed"
_BLOCK: Final = bytes(4096)


def disk_faults(folder: Path, reserve: int) -> Iterator[Fault]:
    """Write and flush a block in the data folder, and check the disk's free space."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = folder / f".probe-{os.getpid()}"  # a machine's roles share the folder
        atomic_files.replace(trial, [_BLOCK])
        trial.unlink()
    except OSError as error:
        yield _unwritable(folder, error)
        return
    free = shutil.disk_usage(folder).free
    if free < reserve:
        yield Fault(
            "disk_nearly_full",
            f"the disk of {folder} has {free // 1_000_000} MB left, less than disk_reserve_bytes",
            "make room or enlarge the disk: when it is full nothing is taken any more",
        )


def _unwritable(folder: Path, error: OSError) -> Fault:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Fault(
            "disk_full", f"the disk of {folder} is full", "make room at once: nothing can be taken", stops=True
        )
    why = os.strerror(error.errno or 0)
    do = "look whether the disk failed (dmesg) and is mounted for writing, and who owns the folder"
    return Fault("folder_not_writable", f"{folder} can't be written: {why}", do, stops=True)


def spool_faults(settings: Settings) -> Iterator[Fault]:
    """Check how full the spool is."""
    folder, core = settings.spool_dir, settings.core
    names = waiting(folder)
    taken = sum(_size(folder / name) for name in names)
    if len(names) >= core.spool_max_files * SPOOL_SHARE or taken >= core.spool_max_bytes * SPOOL_SHARE:
        yield Fault(
            "spool_filling",
            f"the spool holds {len(names)} messages, more than {SPOOL_SHARE:.0%} of what the settings allow",
            "get the database back, or raise spool_max_files and spool_max_bytes: a full spool refuses citizens",
        )
    if count := len(quarantined(folder)):
        yield Fault(
            "spool_quarantined",
            f"{count} spooled messages could not be replayed",
            "the log says why; they are tried again at the next start (docs/runbook.md#the-spool)",
        )


def note_backup(folder: Path) -> None:
    """Note in the data folder that a backup was made now."""
    (folder / _BACKUP_MADE).touch(mode=0o600)


def note_drill(folder: Path, problems: Sequence[str]) -> None:
    """Note a drill's result in the data folder: its problems, if any."""
    if problems:
        more = f" and {len(problems) - 1} more" if problems[1:] else ""
        atomic_files.replace(folder / _DRILL_FAILED, [f"{problems[0]}{more}".encode()])
    else:
        (folder / _DRILL_MADE).touch(mode=0o600)
        (folder / _DRILL_FAILED).unlink(missing_ok=True)


def backup_ages(folder: Path) -> dict[str, float]:
    """Return how many seconds ago the last backup was made and the last drill passed, if there was one."""
    now, ages = time.time(), {}
    for what, name in (("backup", _BACKUP_MADE), ("drill", _DRILL_MADE)):
        with suppress(OSError):
            ages[what] = now - (folder / name).stat().st_mtime
    return ages


def backup_faults(settings: Settings) -> Iterator[Fault]:
    """Check when the last backup was made, and how the last drill ended.

    If backups are configured and none was made, the installation's age counts.
    """
    folder, log = settings.core.data_dir, "the timer's log says why (journalctl -u satark-backup)"
    ages = backup_ages(folder)
    if "backup" not in ages and settings.core.backup_recipients:
        with suppress(OSError):
            ages["backup"] = time.time() - settings.name_key_file.stat().st_mtime
    if (days := ages.get("backup", 0) / _DAY) > BACKUP_DAYS:
        yield Fault("backup_old", f"no backup was made for {days:.0f} days", f"{log}; run `satark backup`")
    if (days := ages.get("drill", 0) / _DAY) > DRILL_DAYS:
        yield Fault("drill_old", f"no drill passed for {days:.0f} days", f"{log}; run `satark backup TO --drill FILE`")
    with suppress(OSError):
        problem = (folder / _DRILL_FAILED).read_text("utf-8", "replace")
        do = f"{log}; count on no backup until a drill passes: mend the cause, then `satark backup TO --drill FILE`"
        yield Fault("drill_failed", f"the last drill could not restore the backup: {problem}", do)


def isolation_faults() -> list[Fault]:
    """Check that the program that opens citizens' files is still isolated. This takes half a second."""
    if not (missing := look_for_protections().missing):
        return []
    text = f"citizens' files are opened without: {describe(missing)}"
    do = "stop the worker until a kernel setting is mended: docs/operations.md#what-opens-citizens-files"
    return [Fault("isolation_missing", text, do)]


class ClockWatch:
    """Notices when the clock is set while the process runs."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        self._wall, self._steady = wall, steady
        self._offset = wall() - steady()

    def faults(self, elsewhere: float | None = None) -> Iterator[Fault]:
        """Compare the clock with the steady one, and with the database server's (`elsewhere`, Unix seconds)."""
        jump = self._wall() - self._steady() - self._offset
        if abs(jump) > CLOCK_SECONDS:
            yield _clock(f"the clock was set by {_span(jump)} while Satark ran")
        elif elsewhere is not None and abs(self._wall() - elsewhere) > CLOCKS_APART / 2:
            yield _clock(f"this machine's clock is off by {_span(self._wall() - elsewhere)} against the database's")


def _clock(text: str) -> Fault:
    return Fault(
        "clock_wrong", text, "set the clock by NTP (timedatectl) and restart: terms, codes and signatures hang on it"
    )


def _span(seconds: float) -> str:
    hours = abs(seconds) / 3600
    return f"{hours:.0f} hours" if hours >= 1 else f"{abs(seconds) / 60:.0f} minutes"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # replayed meanwhile
        return 0


def certificate_faults(public_url: str, context: ssl.SSLContext | None = None) -> list[Fault]:
    """Check the certificate of the public address as a provider does.

    Raises:
        OSError: the address can't be reached.
    """
    parts = urlsplit(public_url)
    if parts.scheme != "https" or not parts.hostname:
        return []
    host = parts.hostname
    do = "renew it (certbot renew) and reload the proxy: providers stop delivering when it has ended"
    try:
        ends = _end(host, parts.port or 443, context or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return [Fault("certificate_wrong", f"the certificate of {host} is refused: {error.verify_message}", do)]
    left = (ends - time.time()) / _DAY
    if left >= CERTIFICATE_DAYS:
        return []
    return [Fault("certificate_ends", f"the certificate of {host} ends in {left:.0f} days", do)]


def _end(host: str, port: int, context: ssl.SSLContext) -> float:
    with asyncio.run(open_connection(host, port, _CONNECT_SECONDS)) as connection:
        connection.settimeout(_CONNECT_SECONDS)
        with context.wrap_socket(connection, server_hostname=host) as tls:
            certificate = tls.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))
