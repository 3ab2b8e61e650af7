"""The page of the documentation that a run writes: each code, what caused it, and the slowest of each time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from support.outside_faults.rows import DATABASE, MACHINE, PEERS, PROCESSES, Row

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "faults.md"
EVERY: Final[Sequence[Row]] = (*DATABASE, *MACHINE, *PROCESSES, *(row for rows in PEERS.values() for row in rows))
_HEAD: Final = f"""# Every fault

`make faults` caused these {len(EVERY)} from outside, each at separate processes with real PostgreSQL, nginx, SMTP,
RabbitMQ and SeaweedFS, and wrote this page: seconds until the operator was told, until the end was
told, and until a citizen was answered again, of the slowest. `heartbeat:…`: the dead-man's switch
tells. What to do: [runbook](../runbook.md).

| code | caused by | told | over | answered |
|---|---|---|---|---|
"""


def by_code(rows: Iterable[Row]) -> Mapping[str, list[str]]:
    """Return code → what causes it, in the order of the table."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row.what)
    return found


def write(times: Mapping[Row, tuple[float, float, float]]) -> None:
    """Write the page. `times`: of each fault, in seconds."""
    lines = []
    for code, causes in by_code(EVERY).items():
        slowest = (max(many) for many in zip(*(seen for row, seen in times.items() if row.code == code), strict=True))
        lines.append(f"| `{code}` | {'; '.join(causes)} | {' | '.join(f'{seconds:.0f}' for seconds in slowest)} |")
    PAGE.write_text(_HEAD + "\n".join([*lines, ""]))
