"""Makes a release: checks the version, the changelog and the API, builds the wheel, and tags the commit.

`make release` runs it. It tags no commit while there are problems, and pushes nothing.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).parents[2]
API: Final = "core/satark/api/__init__.py"
RELEASED: Final = "tests/store/released"
"""Of each version a folder with what its databases were made by."""
_VERSION: Final = re.compile(r'^__version__ = "(\d+\.\d+\.\d+)"$', re.MULTILINE)
_REVISION: Final = re.compile(r"[a-z]+\d+_\w+\.py")
_API_VERSION: Final = re.compile(r'^VERSION: Final = "(\d+)\.(\d+)"$', re.MULTILINE)


def git(root: Path, *arguments: str) -> str:
    """Run git in a folder; return what it prints, or nothing if it fails."""
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S607 - git is looked up as in a shell


def declared_version(root: Path) -> str:
    """Return the version in the file that pyproject.toml names, which is also the wheel's version."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    declared = project["project"].get("version")
    if declared is None:
        found = _VERSION.search((root / project["tool"]["hatch"]["version"]["path"]).read_text("utf-8"))
        declared = found[1] if found else ""
    return str(declared)


def api_version(source: str) -> tuple[int, int] | None:
    """Return the major and minor version of the API in the source of `satark.api`."""
    found = _API_VERSION.search(source)
    return (int(found[1]), int(found[2])) if found else None


def problems(root: Path, today: date) -> list[str]:
    """Return all problems that must be fixed before the release."""
    version = declared_version(root)
    found = []
    if git(root, "status", "--porcelain"):
        found.append("the tree has changes that are not committed")
    if not version:
        found.append("pyproject.toml gives no version")
    if git(root, "tag", "--list", f"v{version}"):
        found.append(f"the tag v{version} exists already")
    changes = (root / "CHANGELOG.md").read_text("utf-8")
    section = changes.partition(f"\n## [{version}] - {today.isoformat()}\n")[2].partition("\n## ")[0]
    if not section.strip():
        found.append(f"CHANGELOG.md has nothing under `## [{version}] - {today.isoformat()}`")
    return [*found, *api_problems(root, section), *revision_problems(root)]


def revision_files(root: Path) -> list[Path]:
    """Return the files of the databases' revisions."""
    return [
        path
        for part in ("core", "channels", "sinks")
        for path in sorted((root / part).glob("**/migrations/**/*.py"))
        if _REVISION.match(path.name)
    ]


def revision_problems(root: Path) -> list[str]:
    """Return the revisions that this release would publish, but that no test would refuse to change after that."""
    listed = "".join(path.read_text("utf-8") for path in (root / RELEASED).glob("*/revisions.sha256"))
    missing = [path.name for path in revision_files(root) if str(path.relative_to(root)) not in listed]
    command = "PYTHONPATH=tests .venv/bin/python -m support.released"
    return [f"{', '.join(missing)}: not in {RELEASED}, run: {command}"] if missing else []


def api_problems(root: Path, section: str) -> list[str]:
    """Return the problems of the API's version: it must not decrease, and the changelog of the release must name it."""
    api = api_version((root / API).read_text("utf-8"))
    if api is None:
        return [f"{API} has no VERSION"]
    before = api_version(git(root, "show", f"{git(root, 'describe', '--tags', '--abbrev=0')}:{API}"))
    named = f"API version {api[0]}.{api[1]}"
    found = [f"the API's version fell to {api[0]}.{api[1]}"] if before is not None and before > api else []
    return found if named in section else [*found, f"CHANGELOG.md does not say `{named}`"]


@click.command()
def main() -> None:
    """Build and tag the version in pyproject.toml, or print the problems."""
    found = problems(ROOT, datetime.now(UTC).date())
    if found:
        raise click.ClickException("\n".join(["no release:", *(f"- {problem}" for problem in found)]))
    version = declared_version(ROOT)
    subprocess.run(["make", "build"], cwd=ROOT, check=True)  # noqa: S607 - the make that runs this
    if not list((ROOT / "dist").glob(f"satark-{version}-*.whl")):
        raise click.ClickException(f"make build left no wheel of {version} in dist/")
    subprocess.run(["git", "tag", "--annotate", f"v{version}", "--message", f"Satark {version}"], cwd=ROOT, check=True)  # noqa: S607 - as above
    click.echo(f"v{version} is tagged; `git push origin v{version}` publishes it")


if __name__ == "__main__":
    main()
