"""Migrations go up and down on both kinds of database, and make exactly the tables that the code uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, inspect

from satark.api.services import Branch
from satark.store import tables
from satark.store.engines import make_engine
from satark.store.migrations import Migrations, NewerDatabase

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from sqlalchemy import Engine


def differences(engine: Engine, metadata: MetaData, version_table: str) -> list[Any]:
    with engine.connect() as connection:
        options = {"version_table": version_table, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def test_an_upgrade_makes_the_tables_and_a_downgrade_leaves_none(databases: Any) -> None:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    migrations = Migrations(main, keys, [])
    assert migrations.pending()
    migrations.upgrade()
    assert not migrations.pending()
    assert differences(main, tables.main, "alembic_version") == []
    assert differences(keys, tables.keys, "alembic_version_keys") == []
    migrations.upgrade()
    migrations.downgrade("base")
    assert migrations.current() == []
    assert set(inspect(main).get_table_names()) <= {"alembic_version", "alembic_version_keys"}
    assert set(inspect(keys).get_table_names()) <= {"alembic_version", "alembic_version_keys"}
    migrations.upgrade()
    assert not migrations.pending()
    main.dispose()
    keys.dispose()


def test_databases_whose_revision_somebody_set_back_are_not_migrated(databases: Any, tmp_path: Path) -> None:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    note = tmp_path / "revisions"
    migrations = Migrations(main, keys, [], note)
    migrations.upgrade()
    with main.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'c0001'")
    assert "set the databases' revision back" in migrations.problem()
    with pytest.raises(NewerDatabase, match="older copy"):
        migrations.upgrade()
    assert "c0001" in migrations.current()
    note.unlink()  # as the operator who put an older copy there
    assert "run: satark db upgrade" in migrations.problem()
    main.dispose()
    keys.dispose()


def test_a_downgrade_by_command_is_no_set_back(databases: Any, tmp_path: Path) -> None:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    migrations = Migrations(main, keys, [], tmp_path / "revisions")
    migrations.upgrade()
    migrations.downgrade("core@-1")
    assert "run: satark db upgrade" in migrations.problem()
    migrations.upgrade()
    assert migrations.problem() == ""
    main.dispose()
    keys.dispose()


def test_both_databases_may_be_one(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'one.db'}")
    migrations = Migrations(engine, engine, [])
    migrations.upgrade()
    assert {"envelope", "tip"} <= set(inspect(engine).get_table_names())
    migrations.downgrade("base")
    assert migrations.current() == []
    engine.dispose()


REVISIONS = {
    "t1.py": 'revision = "t1"\ndown_revision = None\nbranch_labels = ("tally",)\n',
    "t2.py": """
import sqlalchemy as sa
from alembic import op

revision = "t2"
down_revision = "t1"


def upgrade():
    op.add_column("tally", sa.Column("tips", sa.Integer()))
""",
}


def tally(*columns: str) -> MetaData:
    """Return a plugin's table with these columns."""
    metadata = MetaData()
    Table("tally", metadata, *(Column(name, Integer, primary_key=name == "day") for name in columns))
    return metadata


def test_a_revision_changes_an_older_database_and_a_new_one_begins_with_its_result(tmp_path: Path) -> None:
    revisions = tmp_path / "revisions"
    revisions.mkdir()
    (revisions / "t1.py").write_text(REVISIONS["t1.py"])
    older, new = (make_engine(f"sqlite:///{tmp_path / name}.db") for name in ("older", "new"))
    Migrations(older, older, [Branch("tally", revisions, tally("day"))]).upgrade()
    (revisions / "t2.py").write_text(REVISIONS["t2.py"])
    for engine in (older, new):
        migrations = Migrations(engine, engine, [Branch("tally", revisions, tally("day", "tips"))])
        assert migrations.pending()
        migrations.upgrade()
        assert "t2" in migrations.current()
        assert not migrations.pending()
        assert [column["name"] for column in inspect(engine).get_columns("tally")] == ["day", "tips"]
        engine.dispose()
