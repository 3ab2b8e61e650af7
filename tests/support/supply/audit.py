"""Looks up known flaws of the locked packages with pip-audit.

pip-audit says "No known vulnerabilities found" and succeeds where the advisory database can't be reached. Here, that
case is distinguished: nothing was checked, and nothing is claimed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from support.supply.lock import LOCK

_SECONDS: Final = "15"
"""Seconds for which pip-audit waits for an answer."""
_UNREACHABLE: Final = ("ConnectionError", "Max retries", "Timeout", "ServiceError", "NameResolution")


class Flaw(msgspec.Struct, frozen=True):
    """One advisory."""

    id: str
    fix_versions: tuple[str, ...] = ()


class Audited(msgspec.Struct, frozen=True):
    """The report of pip-audit on one package."""

    name: str
    version: str = ""
    skip_reason: str = ""
    """Why the package was not checked; empty: it was checked."""
    vulns: tuple[Flaw, ...] = ()


class _Report(msgspec.Struct, frozen=True):
    dependencies: tuple[Audited, ...]


class AuditFailed(Exception):  # noqa: N818 - it reads as what it says
    """pip-audit failed for another reason than the network."""


def run_pip_audit(lock: Path = LOCK) -> Sequence[Audited] | None:
    """Look up every locked package in the advisory database; None if the database is unreachable.

    Raises:
        AuditFailed: pip-audit failed otherwise.
    """
    options = ["--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off", f"--timeout={_SECONDS}"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return read_report(done.stdout, done.stderr)


def read_report(output: str, errors: str = "") -> Sequence[Audited] | None:
    """Read the report of pip-audit; None if it reached no database.

    Raises:
        AuditFailed: pip-audit failed for another reason.
    """
    try:
        report = msgspec.json.decode(output, type=_Report)
    except msgspec.MsgspecError:
        if any(word in errors for word in _UNREACHABLE):
            return None
        raise AuditFailed(errors.strip().rpartition("\n")[2] or "pip-audit wrote nothing") from None
    return report.dependencies if any(not one.skip_reason for one in report.dependencies) else None


def in_words(report: Sequence[Audited] | None) -> tuple[str, int]:
    """Return the message to print and the exit code, which is 1 if a package has a known flaw."""
    if report is None:
        return "the advisory database is not reachable: skipped, no package was checked", 0
    flaws = [
        f"{one.name} {one.version}: {flaw.id}, mended in {', '.join(flaw.fix_versions) or 'no version yet'}"
        for one in report
        for flaw in one.vulns
    ]
    skipped = [one.name for one in report if one.skip_reason]
    lines = [f"{len(report) - len(skipped)} packages were checked, {len(flaws)} known flaws", *flaws]
    return "\n".join([*lines, f"not checked: {', '.join(skipped)}"] if skipped else lines), 1 if flaws else 0
