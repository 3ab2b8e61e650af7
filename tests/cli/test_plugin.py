"""`satark plugin new`: its projects work, and have tests, types and clean style; errors are reported in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.cli.main import cli
from support.commands import run as satark

NEW = (
    ("channel", "beacon"),
    ("sink", "night_shelf"),
    ("provider", "text_gateway"),
    ("call-provider", "exchange"),
    ("screen", "railways"),
    ("scrubber", "calendars"),
    ("step", "number_plate"),
)
MOST_LINES = 160
BLOCK = r'^```python\n("""satark_.*?)^```'
"""A module in the documentation, which begins with its path."""


def make(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", "new", *arguments])


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one project of each kind."""
    folder = tmp_path_factory.mktemp("projects")
    for kind, name in NEW:
        result = make(kind, name, "--folder", str(folder / name))
        assert result.exit_code == 0, result.output
    return folder


def run(folder: Path, *command: str | Path) -> str:
    """Run a tool of this environment in a folder; return its output if it failed, else an empty string."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SATARK_")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, env=environment, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.full("runs the tests of new projects")
@pytest.mark.parametrize("name", [name for _, name in NEW])
def test_a_new_plugins_own_tests_pass(projects: Path, name: str) -> None:
    assert run(projects / name, "pytest", "-q", "-p", "no:cacheprovider") == ""


@pytest.mark.parametrize("name", [name for _, name in NEW])
def test_a_new_plugin_is_short(projects: Path, name: str) -> None:
    files = [file for file in (projects / name).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert max(len(file.read_text("utf-8").splitlines()) for file in files) <= MOST_LINES


@pytest.mark.slow("a process")
@pytest.mark.parametrize("kind", [kind for kind, _ in NEW])
@pytest.mark.parametrize("name", ["b", "a_name_of_exactly_thirty_chars"])
def test_a_new_plugins_style_is_clean_for_short_and_long_names(tmp_path: Path, kind: str, name: str) -> None:
    folder = tmp_path / "projects"
    assert make(kind, name, "--folder", str(folder)).exit_code == 0
    assert run(folder, "ruff", "check", "--no-cache", ".") == ""
    assert run(folder, "ruff", "format", "--no-cache", "--check", ".") == ""


@pytest.mark.full("runs the tests of new projects")
def test_the_types_of_new_plugins_and_of_the_documentation_are_correct(projects: Path) -> None:
    """One run of mypy for all: it takes seconds to begin."""
    files = [
        path
        for _, name in NEW
        for path in (projects / name / f"satark_{name}", *(projects / name / "tests").glob("*.py"))
    ]
    pages = (Path(__file__).parents[2] / "docs/how-to").glob("*.md")
    blocks = [one for page in pages for one in re.findall(BLOCK, page.read_text("utf-8"), re.DOTALL | re.MULTILINE)]
    assert len(blocks) >= 7
    for number, block in enumerate(blocks):
        named = re.match(r'"""(satark_cases/\w+\.py)', block)  # these import each other
        files.append(projects / (named[1] if named else f"documented_{number}.py"))
        files[-1].parent.mkdir(exist_ok=True)
        files[-1].write_text(block, "utf-8")
    (projects / "satark_cases/__init__.py").touch()
    assert run(projects, "mypy", "--strict", "--cache-dir", projects / "cache", *files) == ""


@pytest.mark.parametrize("name", ["Beacon", "2nd", "a-b", "a__b", "_a", "a_", "", "é", "a" * 31, "a/b"])
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    result = make("sink", "--folder", str(tmp_path / "x"), "--", name)
    assert (result.exit_code, "can't be the name of a plugin: use lowercase letters" in result.output) == (1, True)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["class", "none", "match", "async", "satark", "test", "retention"])
def test_a_name_that_python_or_satark_needs_is_refused(tmp_path: Path, name: str) -> None:
    result = make("channel", name, "--folder", str(tmp_path / "x"))
    sentence = f"{name!r} can't be the name of a plugin: it has a meaning of its own; choose the name of the medium"
    assert (result.exit_code, sentence in result.output) == (1, True)
    assert not (tmp_path / "x").exists()


def test_the_name_of_an_installed_plugin_is_refused(tmp_path: Path) -> None:
    result = make("channel", "whatsapp", "--folder", str(tmp_path / "x"))
    assert (result.exit_code, "is installed already" in result.output) == (1, True)


def test_an_existing_folder_is_not_changed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = make("channel", "beacon", "--folder", str(tmp_path))
    assert (result.exit_code, "exists already: choose another folder with --folder" in result.output) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_can_not_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = satark("plugin", "new", "channel", "beacon", "--folder", str(tmp_path / "file" / "x"), code=1)
    assert "can't be used: Not a directory" in result.output


def test_the_next_steps_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = make("sink", "night_shelf")
    assert (tmp_path / "satark-night-shelf" / "satark_night_shelf" / "sink.py").exists()
    assert "cd satark-night-shelf" in result.output
    assert "[night_shelf]" in result.output
    assert "[railways]" not in make("screen", "railways").output, "it has no settings"


def test_plugins_are_listed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["whatsapp", "signal"]')
    result = satark("plugins")
    assert "whatsapp             loaded" in result.stdout
    assert "desk                 installed, not loaded" in result.stdout
    assert "signal               named in the setting `plugins`, but not installed" in result.stderr
