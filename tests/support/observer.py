"""An observer without keys: it sees databases, file system and metrics, and trains a classifier on them.

The classifier boosts decision stumps (AdaBoost, Freund and Schapire 1997) over every number that changes in a day.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import inspect, text

from satark.identity.time_buckets import BAND_HOURS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from satark.services import Services

Seen = dict[str, float]
"""Feature → number."""
_BAND = BAND_HOURS * 3600
_GREASE = 512
"""age adds some hundred random bytes to each ciphertext, so sizes are compared in steps of this."""
_NAME, _SMALL = 24, 1000
ROUNDS = 12
FOLDS = 10


def look(services: Services, folder: Path, metrics: bytes) -> Seen:
    """Record everything that can be counted, measured or dated without a key."""
    seen = services.read(_tables) | services.read_keys(_tables) | _files(folder)
    for family in text_string_to_metric_families(metrics.decode()):
        for sample in family.samples:
            seen[f"metric {sample.name} {sorted(sample.labels.items())}"] = sample.value
    return seen


def difference(before: Seen, after: Seen) -> Seen:
    """Return the changes from one record to another."""
    changed = {name: after.get(name, 0) - before.get(name, 0) for name in before.keys() | after.keys()}
    tips = changed.get("rows tip") or 1
    return changed | {f"{name} per tip": round(value / tips, 3) for name, value in changed.items()}


def accuracy(days: Sequence[Seen], labels: Sequence[bool], groups: Sequence[int]) -> float:
    """Return the share of days that a classifier labels correctly after training on the other days.

    Args:
        days: the features of each day.
        labels: the kind of each day.
        groups: days of one group are tested together: the two halves of a pair.
    """
    right = 0
    for fold in range(FOLDS):
        train = [at for at, group in enumerate(groups) if group % FOLDS != fold]
        test = [at for at, group in enumerate(groups) if group % FOLDS == fold]
        model = _train([days[at] for at in train], [labels[at] for at in train])
        right += sum(_tell(model, days[at]) == labels[at] for at in test)
    return right / len(days)


def _tables(connection: Connection) -> Seen:
    seen: Seen = {}
    for table in inspect(connection).get_table_names():
        rows = connection.execute(text(f'SELECT * FROM "{table}"')).mappings().all()  # noqa: S608 - a table's own name
        seen[f"rows {table}"] = len(rows)
        for row in rows:
            for name, value in _values(dict(row)):
                key = f"{table}.{name}"
                seen[key] = seen.get(key, 0) + value
    return seen


def _values(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield what a row shows: names in plain text, sizes, times, small numbers."""
    for column, value in row.items():
        if isinstance(value, bytes):
            yield f"{column} size {len(value) // _GREASE}", 1
        elif isinstance(value, str) and len(value) <= _NAME:
            yield f"{column} = {value if not any(map(str.isdigit, value)) else '…'}", 1
            yield f"{column} length {len(value)}", 1
        elif isinstance(value, int):
            yield f"{column} is exact", float(value > 10**9 and value % _BAND > 0)
            yield f"{column} sum", float(value) if value < _SMALL else 0.0


def _files(folder: Path) -> Seen:
    seen: Seen = {}
    for path in folder.rglob("*"):
        status = path.stat()
        kind = f"{path.parent.name}/{path.suffix}" if path.is_file() else "folders"
        seen[f"files {kind}"] = seen.get(f"files {kind}", 0) + 1
        if path.is_file() and path.suffix == ".age":
            seen[f"size {kind}"] = seen.get(f"size {kind}", 0) + status.st_size // _GREASE
            seen[f"exact {kind}"] = seen.get(f"exact {kind}", 0) + bool(status.st_mtime % _BAND)
    seen["entries"] = sum(len(names) for _, _, names in os.walk(folder))
    return seen


Stump = tuple[str, float, bool, float]
"""Feature, threshold, the kind of day above it, weight."""


def _train(days: Sequence[Seen], labels: Sequence[bool]) -> list[Stump]:
    weights = [1 / len(days)] * len(days)
    columns = _columns(days)
    model: list[Stump] = []
    for _ in range(ROUNDS if columns else 0):
        error, name, threshold, above = min(_best(name, column, labels, weights) for name, column in columns.items())
        error = min(max(error, 1e-6), 1 - 1e-6)
        weight = math.log((1 - error) / error) / 2
        model.append((name, threshold, above, weight))
        for at, day in enumerate(days):
            told = (day.get(name, 0.0) > threshold) == above
            weights[at] *= math.exp(-weight if told == labels[at] else weight)
        total = sum(weights)
        weights = [one / total for one in weights]
    return model


Column = Sequence[tuple[float, Sequence[int]]]
"""The values of one feature in ascending order, each with the days that have it."""


def _columns(days: Sequence[Seen]) -> Mapping[str, Column]:
    """Convert days to features that differ between days. Of several identical features, only one is kept."""
    columns: dict[Column, str] = {}
    for name in sorted({name for day in days for name in day}):
        having: dict[float, list[int]] = {}
        for at, day in enumerate(days):
            having.setdefault(day.get(name, 0.0), []).append(at)
        column = tuple((value, tuple(having[value])) for value in sorted(having))
        if len(column) > 1:
            columns.setdefault(column, name)
    return {name: column for column, name in columns.items()}


def _best(
    name: str, column: Column, labels: Sequence[bool], weights: Sequence[float]
) -> tuple[float, str, float, bool]:
    """Return the best stump of a feature with its weighted error: (error, name, threshold, kind above it)."""
    error = sum(weight for label, weight in zip(labels, weights, strict=True) if not label)  # all counts as True
    best = min((error, name, -math.inf, True), (1 - error, name, -math.inf, False))
    for value, having in column:
        error += sum(weights[at] if labels[at] else -weights[at] for at in having)
        best = min(best, (error, name, value, True), (1 - error, name, value, False))
    return best


def _tell(model: Sequence[Stump], day: Seen) -> bool:
    votes = (
        (weight if (day.get(name, 0.0) > threshold) == above else -weight) for name, threshold, above, weight in model
    )
    return sum(votes) > 0
