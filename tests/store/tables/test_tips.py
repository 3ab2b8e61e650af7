"""The bytes of a tip in the databases are those in docs/scale.md."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from satark.services import Services
from satark.store import tables
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import seed_tip

TIPS = 100
STORY = {"category": "arms", "what": "गाँव के बाहर रात में हथियार बिकते हैं। " * 4, "where": "लंका", "when": "हर रात"}


def size(engine: Engine) -> int:
    """Return the bytes of an SQLite database's pages, without free ones."""
    with engine.connect() as connection:
        pages, free, page = (
            int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
            for name in ("page_count", "freelist_count", "page_size")
        )
    return (pages - free) * page


def sizes(services: Services) -> tuple[int, int]:
    """Return the bytes of the main database and of the key store."""
    return size(services.main), size(services.keys)


@pytest.mark.slow("many tips")
def test_a_tip_for_two_desks_takes_less_than_thirty_kilobytes(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    desks = [SeededDesk(services, "sp").desk, SeededDesk(services, "dig", "range").desk]
    before = sizes(services)
    for _ in range(TIPS):
        seed_tip(services, desks, answers=STORY)
    main, keys = ((now - then) / TIPS for now, then in zip(sizes(services), before, strict=True))
    services.close()
    assert 4_000 < main < 6_000
    assert 12_000 < keys < 19_000


def test_rows_of_tips_and_receipts_have_no_numbers_in_their_order(tmp_path: Path) -> None:
    services = fresh_services(tmp_path)
    numbered = []
    for engine, metadata in ((services.main, tables.main), (services.keys, tables.keys)):
        with engine.connect() as connection:
            numbered += [name for name in metadata.tables if has_row_numbers(connection, name)]
    of_tips = {"tip", "receipt", "message", "reach", "file", "delivery", "retention", "envelope"}
    services.close()
    assert not of_tips & set(numbered)


def has_row_numbers(connection: Connection, table: str) -> bool:
    """Return whether a table of SQLite has row numbers."""
    try:
        connection.exec_driver_sql(f"SELECT rowid FROM {table} LIMIT 1")  # noqa: S608 - a table's own name
    except OperationalError:
        return False
    return True
