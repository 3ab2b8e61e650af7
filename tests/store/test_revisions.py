"""The revisions found without Alembic are those that Alembic finds."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from satark.plugins.loader import PROJECT, Plugins
from satark.store import migrations
from satark.store.migrations import revisions

CORE = Path(migrations.__file__).parent


def alembics(*folders: Path) -> set[str]:
    """Return the heads that Alembic finds."""
    config = Config()
    config.set_main_option("script_location", str(CORE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, folders)))
    return set(ScriptDirectory.from_config(config).get_heads())


@pytest.mark.parametrize("side", ["keys", "main"])
def test_the_heads_of_the_core_and_all_plugins_are_those_that_alembic_finds(side: str) -> None:
    plugins = Plugins.load(one.name for one in entry_points(group=PROJECT))
    folders = [CORE / side, *(branch.folder for branch in plugins.migrations() if side == "main")]
    assert set(revisions.heads(folders)) == alembics(*folders)
    assert len(revisions.heads(folders)) == len(set(revisions.heads(folders)))


MERGED = {
    "a1.py": 'revision = "a1"\ndown_revision = None\n',
    "a2.py": 'revision: str = "a2"\ndown_revision: str | None = "a1"\n',
    "a3.py": 'revision = "a3"\ndown_revision = "a1"\n',
    "__init__.py": "",
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, {"a2", "a3"}), ({"a4.py": 'revision = "a4"\ndown_revision = ("a2", "a3")\n'}, {"a4"})],
)
def test_the_heads_of_branches_and_merges_are_found(tmp_path: Path, more: dict[str, str], expected: set[str]) -> None:
    for name, text in {**MERGED, **more}.items():
        (tmp_path / name).write_text(text)
    assert set(revisions.heads([tmp_path])) == expected == alembics(tmp_path)
