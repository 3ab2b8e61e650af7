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
from satark.store.migrations import Migrations, UnknownRevision

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


REVISIONS = {
    "t1.py": 'revision = "t1"\ndown_revision = None\nbranch_labels = ("tally",)\n',
    "t2.py": """
import sqlalchemy as sa
from alembic import op

revision = "t2"
down_revision = "t1"


def upgrade():
    op.add_column("tally", sa.Column("tips", sa.Integer()))


def downgrade():
    op.drop_column("tally", "tips")
""",
}


def tally(*columns: str) -> MetaData:
    """Return a plugin's table with these columns."""
    metadata = MetaData()
    Table("tally", metadata, *(Column(name, Integer, primary_key=name == "day") for name in columns))
    return metadata


def add_tips(revisions: Path) -> list[Branch]:
    """Write the second revision; return the plugin's tables as it makes them."""
    (revisions / "t2.py").write_text(REVISIONS["t2.py"])
    return [Branch("tally", revisions, tally("day", "tips"))]


@pytest.fixture
def revisions(tmp_path: Path) -> Path:
    """A plugin's folder with its first revision."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "t1.py").write_text(REVISIONS["t1.py"])
    return folder


def test_databases_whose_revision_somebody_set_back_are_not_migrated(
    databases: Any, revisions: Path, tmp_path: Path
) -> None:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    note = tmp_path / "revisions"
    migrations = Migrations(main, keys, add_tips(revisions), note)
    migrations.upgrade()
    with main.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 't1' WHERE version_num = 't2'")
    assert "set the databases' revision back" in migrations.problem()
    with pytest.raises(UnknownRevision, match="older copy"):
        migrations.upgrade()
    assert "t1" in migrations.current()
    note.unlink()  # as the operator who put an older copy there
    assert "run: satark db upgrade" in migrations.problem()
    main.dispose()
    keys.dispose()


def test_a_downgrade_by_command_is_no_set_back(databases: Any, revisions: Path, tmp_path: Path) -> None:
    main, keys = make_engine(databases.main), make_engine(databases.keys)
    migrations = Migrations(main, keys, add_tips(revisions), tmp_path / "revisions")
    migrations.upgrade()
    migrations.downgrade("tally@-1")
    assert "run: satark db upgrade" in migrations.problem()
    migrations.upgrade()
    assert migrations.problem() == ""
    main.dispose()
    keys.dispose()


def test_databases_with_a_revision_that_this_program_does_not_know_stay_as_they_are(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'one.db'}")
    migrations = Migrations(engine, engine, [])
    migrations.upgrade()
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'c0002'")
    before = migrations.current()
    with pytest.raises(UnknownRevision, match="does not know c0002 of the databases: install the version that made it"):
        migrations.upgrade()
    assert migrations.current() == before
    assert "restore the backup" in migrations.problem()
    engine.dispose()


def test_both_databases_may_be_one(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'one.db'}")
    migrations = Migrations(engine, engine, [])
    migrations.upgrade()
    assert {"envelope", "tip"} <= set(inspect(engine).get_table_names())
    migrations.downgrade("base")
    assert migrations.current() == []
    engine.dispose()


def test_a_revision_changes_an_older_database_and_a_new_one_begins_with_its_result(
    revisions: Path, tmp_path: Path
) -> None:
    older, new = (make_engine(f"sqlite:///{tmp_path / name}.db") for name in ("older", "new"))
    Migrations(older, older, [Branch("tally", revisions, tally("day"))]).upgrade()
    branches = add_tips(revisions)
    for engine in (older, new):
        migrations = Migrations(engine, engine, branches)
        assert migrations.pending()
        migrations.upgrade()
        assert "t2" in migrations.current()
        assert not migrations.pending()
        assert [column["name"] for column in inspect(engine).get_columns("tally")] == ["day", "tips"]
        engine.dispose()
