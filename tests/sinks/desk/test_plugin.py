"""The plugin provides the parts that the contract requires, and its migrations create its tables."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select

from satark.plugins.loader import Plugins
from satark.services import Services
from satark.settings.settings import Settings
from satark.store import tables
from satark.store.engines import make_engine
from satark.store.migrations import Migrations
from satark.store.unit_of_work import UnitOfWork
from satark_desk import plugin
from satark_desk.tables import metadata, queue, read_state
from support.store import desk_context, worker_context


def test_the_plugin_loads_by_its_name_and_hands_everything_over(services: Services) -> None:
    plugins = Plugins.load(["desk"])
    settings = Settings()
    assert [sink.name for sink in plugins.sinks(settings, worker_context(services))] == ["desk"]
    assert [branch.name for branch in plugins.migrations()] == ["desk"]
    assert [page.path for page in plugins.desk_pages(settings, desk_context(services))] == ["/desk"]


def test_the_section_of_the_settings_is_read(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DESK__PAGE_SIZE", "7")
    assert plugin.satark_desk_pages(Settings(), desk_context(services))


@pytest.mark.slow("keys of several officers")
def test_the_migrations_create_and_drop_the_tables(services: Services) -> None:
    def differences() -> list[tuple[str, object]]:
        with services.main.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": _of_the_plugin})
            return list(compare_metadata(context, metadata))

    assert differences() == []
    migrations = Migrations(services.main, services.keys, plugin.satark_migrations())
    migrations.downgrade("desk@base")
    assert [what for what, *_ in differences()].count("add_table") == len(metadata.tables)
    migrations.upgrade()
    assert differences() == []


@pytest.mark.slow("a PostgreSQL server")
def test_a_database_with_comments_says_what_its_tables_hold(postgres_databases: Any) -> None:
    main, keys = make_engine(postgres_databases.main), make_engine(postgres_databases.keys)
    Migrations(main, keys, plugin.satark_migrations()).upgrade()
    found = inspect(main)
    assert found.get_table_comment(queue.name)["text"] == queue.comment
    comments = {column["name"]: column["comment"] for column in found.get_columns(queue.name)}
    assert comments == {column.name: column.comment for column in queue.columns}
    main.dispose()
    keys.dispose()


def _of_the_plugin(_item: object, name: str | None, kind: str, _reflected: object, _other: object) -> bool:
    return kind != "table" or name not in {*tables.main.tables, "alembic_version"}


def test_an_erased_tip_is_deleted_from_the_queue_and_the_read_state(services: Services) -> None:
    def write(unit: UnitOfWork) -> None:
        for tip in ("erased", "kept"):
            row = {name: value for name, value in _QUEUED.items() if name in queue.c}
            unit.insert(queue, [{**row, "tip": tip}])
            unit.insert(read_state, [{"tip": tip, "nonce": b"", "sealed": b"sealed"}])
        plugin.satark_erased("erased", unit)

    services.write_now(write)
    for table in (queue, read_state):
        assert services.read(lambda c: c.execute(select(table.c.tip)).scalars().all()) == ["kept"]  # noqa: B023


_QUEUED = {"desk": "sp", "revision": 1, "delivered": "2026-11-24T06/PT6H"}
