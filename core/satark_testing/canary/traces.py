"""Finds traces other than identifiers: exact times, pseudonyms of ended sessions, metrics that name a tip."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import MetaData, select

from satark.api.inbound import Address
from satark.identity.edge_key import Identity
from satark.store.engines import make_engine

BUCKET_SECONDS: Final = 1800
"""A stored time that is a multiple of this reveals no tip. No table may hold a finer time once all deliveries are done.
"""
_WINDOW_DAYS: Final = 60
_DAY: Final = 86_400
_ISO_TIME: Final = re.compile(rb"20\d\d-\d\d-\d\d[T ]\d\d:(?!00)\d\d")


def exact_times_in_rows(urls: Collection[str], begun: float) -> Iterator[str]:
    """Name each column of each table that holds a time of the run, exact to the second.

    Args:
        urls: the databases.
        begun: when the run began, Unix seconds.
    """
    for url in urls:
        engine = make_engine(url)
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                rows = connection.execute(select(table)).mappings().all()
                for column in table.columns:
                    if any(_is_exact(row[column.name], begun) for row in rows):
                        yield f"an exact time in {table.name}.{column.name}"
        engine.dispose()


def _is_exact(value: object, begun: float) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return any(_is_near(value / unit, begun) for unit in (1, 1e3, 1e6, 1e9))
    raw = value.encode() if isinstance(value, str) else bytes(value) if isinstance(value, bytes | memoryview) else b""
    return _ISO_TIME.search(raw) is not None


def _is_near(seconds: float, begun: float) -> bool:
    return begun - _DAY < seconds < begun + _WINDOW_DAYS * _DAY and seconds % BUCKET_SECONDS != 0


def exact_times_in_texts(texts: Mapping[str, bytes]) -> Iterator[str]:
    """Name each text, such as a desk's list of tips, that holds a time finer than an hour."""
    yield from (f"an exact time in {name}" for name, content in texts.items() if _ISO_TIME.search(content))


def exact_times_of_files(changed: Mapping[str, float], begun: float, exempt: Collection[str]) -> Iterator[str]:
    """Name each folder and kind of file with an exact modification time after the start of the run.

    Args:
        changed: relative path → when it was changed, Unix seconds.
        begun: when the run began.
        exempt: beginnings of paths whose time tells nothing of a tip, such as the databases, which change all the time.
    """
    exact = {path for path, time in changed.items() if time > begun and time % BUCKET_SECONDS != 0}
    told = {path for path in exact if not path.startswith(tuple(exempt))}
    kinds = {f"{path.rpartition('/')[0] or '.'}/*{path[path.rfind('.') :] if '.' in path else ''}" for path in told}
    yield from (f"an exact time of the file {kind}" for kind in sorted(kinds))


def pseudonyms(edge_key: bytes, accounts: Collection[str], addresses: Collection[str]) -> dict[str, bytes]:
    """Return the pseudonym of each address on each account: name → 32 bytes."""
    identity = Identity(edge_key)
    found = {}
    for number, address in enumerate(sorted(addresses)):
        for account in accounts:
            found[f"pseudonym of address {number} at {account.partition(':')[0]}"] = identity.pseudonym(
                account, Address(address)
            )
    return found


def telling_metrics(text: str, names: Collection[str], configured: Collection[str] = ()) -> Iterator[str]:
    """Name each metric that holds a time, or a label whose value contains one of these names as a word.

    Args:
        text: what `/metrics` gives.
        names: names of desks, categories, stations, numbers of tips.
        configured: destinations that the settings name, whose labels tell nothing of a tip.
    """
    word = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, sorted(names)))})(?![a-z0-9])", re.IGNORECASE)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.endswith("_created"):
                yield f"an exact time in the metric {sample.name}"
            for label, value in sample.labels.items():
                if word.search(value) and value not in configured:
                    yield f"a telling value of the label {label} of the metric {sample.name}"
