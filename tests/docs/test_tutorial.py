"""The commands of docs/tutorial.md work with the built wheel: its channel, its sink and its language.

The test replaces parts of the machine: of the test's environment it has only the packages that the page's own
`pip install` brings, and no index is asked. Ports are free ones.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import files, requires
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from satark_testing.processes.service import free_port
from support.settings import SETTINGS_OF_TESTS

pytestmark = pytest.mark.full("installs the wheel")

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
PORTS: Final = ("8000", "8099")
"""The ports that the page uses."""
UNTIL_IT_SERVES: Final = """\
until python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=9)" 2>errors
do kill -0 $!; done
"""
OTHERS: Final = ("provider", "call-provider", "screen", "scrubber", "step")
"""The kinds of plugins that the tutorial does not create."""
WRITTEN: Final = {"toml": "satark.toml", "python": "phone.py"}


INSTALLED: Final = re.findall(r"^pip install (.*pytest.*)$", PAGE, re.MULTILINE)
"""What the page has the reader install."""
BUILDING: Final = ["hatchling"]
"""What `pip install -e` fetches for the time of a build."""


def installed_by(wanted: Iterable[str]) -> set[str]:
    """Return the distributions that an installation of these requirements brings, without Satark itself."""
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(one) for one in (*wanted, *BUILDING)]
    while waiting:
        one = waiting.pop()
        if (key := (canonicalize_name(one.name), frozenset(one.extras))) in found:
            continue
        found.add(key)
        further = [Requirement(text) for text in requires(one.name) or ()]
        extras = [{"extra": extra} for extra in ("", *one.extras)]
        waiting += [more for more in further if more.marker is None or any(map(more.marker.evaluate, extras))]
    return {name for name, _ in found} - {"satark"}


def typed(page: str) -> str:
    """Return the commands and files of the page, in order, as one script."""
    found = re.findall(r"^```(sh|toml|python)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    return "".join(
        code if kind == "sh" else f"cat >{WRITTEN[kind]} <<'END'\n{code}END\n" for kind, code in found
    ).replace("serve.log 2>&1 &\n", f"serve.log 2>&1 &\n{UNTIL_IT_SERVES}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Prepare a reader's machine; return its environment."""
    home = tmp_path_factory.mktemp("machine")
    packages, programs, wheels = (home / name for name in ("packages", "programs", "wheels"))
    packages.mkdir()
    programs.mkdir()
    brought = {file.parts[0] for name in installed_by(shlex.split(INSTALLED[0])) for file in files(name) or ()}
    for file in brought - {"..", "/", "__pycache__"}:
        (packages / file).symlink_to(Path(sysconfig.get_path("purelib"), file))
    (programs / "python3").symlink_to(sys.executable)
    (programs / "pytest").write_text('#!/bin/sh\nexec python -m pytest -p no:cacheprovider "$@"\n')
    (programs / "pytest").chmod(0o755)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        **SETTINGS_OF_TESTS,
        "PATH": f"{programs}:/usr/bin:/bin",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_BUILD_ISOLATION": "0",  # the backend is among the packages
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(packages),
        "SATARK_EVIDENCE__ALLOW_WEAK_ISOLATION": "true",  # the sandbox sees no packages by PYTHONPATH
    }


def run(script: str, folder: Path, machine: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script in a reader's folder."""
    shell = ["/bin/bash", "-e", "-c", script]
    return subprocess.run(shell, cwd=folder, env=machine, capture_output=True, text=True, check=False)


def test_the_commands_of_the_tutorial_work_with_the_wheel(machine: dict[str, str], tmp_path: Path) -> None:
    script = typed(PAGE)
    for port in PORTS:
        script = script.replace(port, str(free_port()))
    done = run(f"trap 'kill $(jobs -p) 2>errors' EXIT\n{script}", tmp_path, machine)
    log = tmp_path / "serve.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text() if log.exists() else "")
    (number,) = re.findall(r"^Tip no\. (\S+)$", done.stdout, re.MULTILINE)
    assert re.search(rf"^{number} .* RECEIVED .* OTHER$", done.stdout, re.MULTILINE)
    assert re.search(r"^[0-9a-f]{32}\.zip$", done.stdout, re.MULTILINE)
    assert re.search(r"satark\.dialogue +1 of", done.stdout)


def test_every_generated_plugin_works_with_the_wheel(machine: dict[str, str], tmp_path: Path) -> None:
    lines = ["python3 -m venv venv", ". venv/bin/activate", "pip install satark"]
    for kind in OTHERS:
        name = kind.replace("-", "_")
        lines += [f"satark plugin new {kind} my_{name} --folder {name}", f"export PYTHONPATH={name}:$PYTHONPATH"]
    lines += ["pytest -q --import-mode=importlib -o anyio_mode=auto */tests"]
    done = run("\n".join(lines), tmp_path, machine)
    assert done.returncode == 0, done.stdout + done.stderr
