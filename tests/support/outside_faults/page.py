"""The page of the documentation that a run writes: each code, what caused it, and the slowest of each time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Final

from support.outside_faults.rows import DATABASE, MACHINE, OFFICE, PEERS, PROCESSES, Row

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "faults.md"
EVERY: Final[Sequence[Row]] = (*DATABASE, *MACHINE, *PROCESSES, *OFFICE, *chain.from_iterable(PEERS.values()))
_ROOT: Final = PAGE.parents[2]
_HEAD: Final = f"""# Every fault

`make faults` caused these {len(EVERY)} from outside, each at separate processes with real PostgreSQL,
nginx, SMTP, RabbitMQ and SeaweedFS, all of one state of the code, and wrote this page: seconds
until the operator was told, until the end was told, and until a citizen was answered again, of the
slowest. `heartbeat:…`: the dead man's switch tells. What is looked for once an hour (`…_missing`,
`missing_unknown`, `tips_withheld`, `answers_wait`) was looked for every ten seconds here, and its
hours and days were shortened. What to do: [runbook](../runbook.md).

| code | caused by | told | over | answered |
|---|---|---|---|---|
"""


def by_code(rows: Iterable[Row]) -> Mapping[str, list[str]]:
    """Return code → what causes it, in the order of the table."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row.what)
    return found


def note(times: Mapping[Row, tuple[float, float, float]]) -> bool:
    """Note the seconds of faults that were good; return whether all are by now, and the page was written."""
    notes = _ROOT / "build" / f"faults-{_state()}.json"
    noted: dict[str, list[float]] = json.loads(notes.read_text()) if notes.exists() else {}
    noted |= {row.what: [*seen] for row, seen in times.items()}
    notes.parent.mkdir(exist_ok=True)
    notes.write_text(json.dumps(noted))
    is_whole = all(row.what in noted for row in EVERY)
    if is_whole:
        PAGE.write_text(_HEAD + "".join(_line(code, causes, noted) for code, causes in by_code(EVERY).items()))
    return is_whole


def _state() -> str:
    """Return what stands for the present state of the code: times of another state are not put beside its own."""
    state = sha256()
    for folder in ("core", "channels", "sinks"):
        for file in sorted((_ROOT / folder).rglob("*.py")):
            state.update(file.read_bytes())
    return state.hexdigest()[:12]


def _line(code: str, causes: Sequence[str], noted: Mapping[str, Sequence[float]]) -> str:
    slowest = (max(many) for many in zip(*(noted[what] for what in causes), strict=True))
    return f"| `{code}` | {'; '.join(causes)} | {' | '.join(f'{seconds:.0f}' for seconds in slowest)} |\n"
