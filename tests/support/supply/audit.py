"""Known flaws of the locked packages, by pip-audit.

pip-audit says "No known vulnerabilities found" and succeeds where the advisory database can't be reached. Here, that is
told apart: nothing was checked, and nothing is claimed.
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
"""How long pip-audit waits for an answer."""
_UNREACHABLE: Final = ("ConnectionError", "Max retries", "Timeout", "ServiceError", "NameResolution")


class Flaw(msgspec.Struct, frozen=True):
    """One advisory."""

    id: str
    fix_versions: tuple[str, ...] = ()


class Audited(msgspec.Struct, frozen=True):
    """What pip-audit says of one package."""

    name: str
    version: str = ""
    skip_reason: str = ""
    """Why it was not checked; empty: it was."""
    vulns: tuple[Flaw, ...] = ()


class _Report(msgspec.Struct, frozen=True):
    dependencies: tuple[Audited, ...]


class AuditFailed(Exception):  # noqa: N818 - it reads as what it says
    """pip-audit could not do its work, for another reason than the network."""


def run_pip_audit(lock: Path = LOCK) -> Sequence[Audited] | None:
    """Ask the advisory database about every locked package; None: it can't be reached.

    Raises:
        AuditFailed: pip-audit failed otherwise.
    """
    options = ["--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off", f"--timeout={_SECONDS}"]
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return read_report(done.stdout, done.stderr)


def read_report(output: str, errors: str = "") -> Sequence[Audited] | None:
    """Read what pip-audit wrote; None: it reached no database.

    Raises:
        AuditFailed: it failed otherwise.
    """
    try:
        report = msgspec.json.decode(output, type=_Report)
    except msgspec.MsgspecError:
        if any(word in errors for word in _UNREACHABLE):
            return None
        raise AuditFailed(errors.strip().rpartition("\n")[2] or "pip-audit wrote nothing") from None
    return report.dependencies if any(not one.skip_reason for one in report.dependencies) else None


def in_words(report: Sequence[Audited] | None) -> tuple[str, int]:
    """Return what to tell, and the exit code: 1 where a package has a known flaw."""
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
