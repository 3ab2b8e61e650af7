"""The commands of the tutorial and the how-tos work from outside, as do the examples.

The reader's machine has Python and nothing else: an environment of its own, which the page makes, and a package index
with Satark's wheel and what that needs. The repository is not on any path, and no other server is asked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from satark_testing.processes.service import free_port
from support.settings import SETTINGS_OF_TESTS
from support.wheels import package_index

pytestmark = [pytest.mark.full("installs the wheel"), pytest.mark.timeout(3600)]

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
PORTS: Final = ("8000", "8099")
"""The ports that the page uses."""
HASTENED: Final = {name: value for name, value in SETTINGS_OF_TESTS.items() if not name.endswith("_MINUTES")}
"""Settings that only save time. Readers have no setting that sends delayed messages at once, so the test has none."""
WRITTEN: Final = {"toml": "satark.toml", "python": "phone.py"}
INSTALLED: Final = ("satark[all]", "pytest", "hatchling", "editables")
"""Packages that the pages install, and those that build a project."""
ENVIRONMENT: Final = """\
python3 -m venv venv
. venv/bin/activate
pip install satark pytest
python -c "import satark, sys; sys.exit(not satark.__file__.startswith(sys.prefix))"
"""
NEW_PLUGIN: Final = re.compile(r"^satark plugin new ([a-z-]+) (\w+)", re.MULTILINE)


def blocks(page: str, *kinds: str) -> list[tuple[str, str]]:
    """Return the code blocks of a page, each with its kind, in order."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return [(kind, code) for kind, code in found if kind in kinds]


def typed(page: str) -> str:
    """Return the commands and files of the page, in order, as one script."""
    return "".join(
        code if kind == "sh" else f"cat >{WRITTEN[kind]} <<'END'\n{code}END\n"
        for kind, code in blocks(page, "sh", "toml", "python")
    )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Prepare a reader's machine; return its environment."""
    home = tmp_path_factory.mktemp("machine")
    programs, wheels = home / "programs", home / "wheels"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys.base_prefix, "bin", f"python3.{sys.version_info.minor}"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **HASTENED,
        "PATH": f"{programs}:/usr/bin:/bin",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": package_index(home, INSTALLED, wheels.glob("*.whl")),
        "PIP_NO_CACHE_DIR": "1",
    }


def run(script: str, folder: Path, machine: dict[str, str]) -> str:
    """Run a script in a reader's folder; return what it printed."""
    shell = ["/bin/bash", "-e", "-c", f"trap 'kill $(jobs -p) 2>errors || true' EXIT\n{script}"]
    done = subprocess.run(shell, cwd=folder, env=machine, capture_output=True, text=True, check=False)
    log = folder / "serve.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    return done.stdout


@pytest.fixture(scope="module")
def activated(machine: dict[str, str]) -> str:
    """Install the base alone into an environment; return the command that activates that."""
    home = Path(machine["HOME"])
    run(ENVIRONMENT, home, machine)
    return f". {home}/venv/bin/activate\n"


def test_the_commands_of_the_tutorial_work_in_an_empty_environment(machine: dict[str, str], tmp_path: Path) -> None:
    script = typed(PAGE)
    for port in PORTS:
        script = script.replace(port, str(free_port()))
    printed = run(script, tmp_path, machine)
    (number,) = re.findall(r"^Tip no\. (\S+)$", printed, re.MULTILINE)
    assert re.search(rf"^{number} .* RECEIVED .* OTHER$", printed, re.MULTILINE)
    assert re.search(r"^[0-9a-f]{32}\.zip$", printed, re.MULTILINE)
    assert re.search(r"satark\.dialogue +1 of", printed)


def test_every_plugin_of_a_how_to_installs_and_keeps_its_contract(
    machine: dict[str, str], activated: str, tmp_path: Path
) -> None:
    pages = "".join(page.read_text("utf-8") for page in sorted((ROOT / "docs/how-to").glob("*.md")))
    created = NEW_PLUGIN.findall(pages)
    assert len(created) >= 5
    lines = [activated]
    for kind, name in created:
        folder = f"satark-{name.replace('_', '-')}"
        lines += [f"satark plugin new {kind} {name}", f"pip install -e {folder}", f"pytest -q {folder}"]
    assert run("\n".join(lines), tmp_path, machine).count(" passed in ") == len(created)


def test_every_example_builds_and_satark_finds_it(machine: dict[str, str], activated: str, tmp_path: Path) -> None:
    names = sorted(path.parent.name for path in (ROOT / "examples").glob("*/pyproject.toml"))
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    printed = run(f"{activated}pip install examples/*/\nsatark plugins\n", tmp_path, machine)
    assert [name for name in names if name not in printed] == []


def test_the_commands_of_the_how_to_of_a_language_work(machine: dict[str, str], activated: str, tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/language.md").read_text("utf-8")
    begins = [code for _, code in blocks(page, "sh") if code.startswith("satark language new")]
    assert len(begins) == 1
    script = activated + begins[0].replace("check mr", "check mr --folder languages || true")
    assert "satark.dialogue" in run(script, tmp_path, machine)
