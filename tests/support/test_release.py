"""A release is refused for each problem."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from support.release import API, RELEASED, declared_version, git, problems

pytestmark = pytest.mark.slow("a process")

TODAY = date(2026, 11, 29)
CHANGES = "# Changelog\n\n## [0.1.0] - 2026-11-29\n\nThe first release, with API version 1.0.\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that is ready for its release."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "satark"\ndynamic = ["version"]\n\n[tool.hatch.version]\npath = "core/satark/__init__.py"\n'
    )
    api = tmp_path / API
    api.parent.mkdir(parents=True)
    api.write_text('VERSION: Final = "1.0"\n')
    (tmp_path / "core/satark/__init__.py").write_text('__version__ = "0.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGES)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    """Commit all that is in a folder."""
    git(root, "add", "--all")
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "Change")


def test_a_ready_repository_is_released(root: Path) -> None:
    assert declared_version(root) == "0.1.0"
    assert problems(root, TODAY) == []


def test_a_release_with_uncommitted_changes_is_refused(root: Path) -> None:
    (root / "new").touch()
    assert problems(root, TODAY) == ["the tree has changes that are not committed"]


def test_a_release_whose_revisions_could_be_changed_after_it_is_refused(root: Path) -> None:
    revision = root / "core/satark/store/migrations/main/core1_first.py"
    revision.parent.mkdir(parents=True)
    revision.touch()
    commit(root)
    (problem,) = problems(root, TODAY)
    assert problem.startswith(f"core1_first.py: not in {RELEASED}, run: ")
    listed = root / RELEASED / "0.1.0/revisions.sha256"
    listed.parent.mkdir(parents=True)
    listed.write_text(f"{'0' * 64}  {revision.relative_to(root)}\n")
    commit(root)
    assert problems(root, TODAY) == []


def test_a_version_that_is_already_tagged_is_refused(root: Path) -> None:
    git(root, "tag", "v0.1.0")
    assert problems(root, TODAY) == ["the tag v0.1.0 exists already"]


@pytest.mark.parametrize(
    ("file", "text", "refused"),
    [
        ("CHANGELOG.md", CHANGES.replace("-29", "-28"), "CHANGELOG.md has nothing under `## [0.1.0] - 2026-11-29`"),
        (
            "CHANGELOG.md",
            "# Changelog\n\n## [0.1.0] - 2026-11-29\n\n## [0.0.9] - 2026-11-01\n",
            "CHANGELOG.md has nothing",
        ),
        ("CHANGELOG.md", CHANGES.replace(" 1.0.", " 2.0."), "CHANGELOG.md does not say `API version 1.0`"),
        ("core/satark/__init__.py", "", "pyproject.toml gives no version"),
        (API, "", f"{API} has no VERSION"),
    ],
    ids=["another day", "empty", "another API", "no version", "no API"],
)
def test_a_release_with_missing_parts_is_refused(root: Path, file: str, text: str, refused: str) -> None:
    (root / file).write_text(text)
    commit(root)
    assert any(problem.startswith(refused) for problem in problems(root, TODAY))


def test_a_lower_api_version_is_refused(root: Path) -> None:
    (root / API).write_text('VERSION: Final = "1.1"\n')
    commit(root)
    git(root, "tag", "v0.0.9")
    (root / API).write_text('VERSION: Final = "1.0"\n')
    commit(root)
    assert problems(root, TODAY) == ["the API's version fell to 1.0"]
