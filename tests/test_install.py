"""docs/install.md, typed line by line: as far as it needs no root, no domain and no systemd."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from pathlib import Path

import pytest

from satark.cli.deploy import NAMES
from satark.identity.sealing import new_identity
from satark.testing.commands import run

PAGE = (Path(__file__).parents[1] / "docs" / "install.md").read_text("utf-8")
pytestmark = pytest.mark.slow("other tools")


def blocks(kind: str) -> list[str]:
    """Return what is to be typed, or written into a file, in order."""
    return [
        textwrap.dedent(block) for block in re.findall(rf"^ *```{kind}\n(.*?)^ *```", PAGE, re.DOTALL | re.MULTILINE)
    ]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of the page, with this test's folder in the place of the machine's and SQLite of PostgreSQL."""
    (settings,) = blocks("toml")
    lines = [line for line in settings.splitlines() if not line.startswith(("database_url", "keys_url"))]
    text = "\n".join(lines).replace("/var/lib/satark", f"{tmp_path}/data").replace("/etc/satark", str(tmp_path))
    (tmp_path / "satark.toml").write_text(text.replace("age1…", new_identity()[0]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SATARK_CONFIG", str(tmp_path / "satark.toml"))
    return tmp_path


def test_every_block_is_shell() -> None:
    assert len(blocks("sh")) >= 5
    for block in blocks("sh"):
        assert (
            subprocess.run(["/bin/bash", "-n"], input=block, text=True, check=False, capture_output=True).stderr == ""
        )


def test_the_commands_of_the_page_give_a_service_that_check_finds_nothing_wrong_with(machine: Path) -> None:
    typed = "\n".join(blocks("sh"))
    (make_key,) = re.findall(r"^install .*edge\.key.*$", typed, re.MULTILINE)
    here = make_key.replace("-o satark ", "").replace("/etc/satark", str(machine))
    subprocess.run(["/bin/bash", "-ec", here], check=True)
    commands = [shlex.split(line)[1:] for line in typed.splitlines() if line.startswith("as-satark ")]
    assert ["db", "upgrade"] in commands
    for command in commands:
        run(*command)
    assert ["check"] in commands, "it exits with 1 where anything is wrong"
    assert "sp" in run("desk", "list").stdout
    made = run("backup", str(machine / "backups")).stdout
    assert made
    run("verify", str(machine / "backups"))


def test_every_file_that_the_page_prints_is_one_that_deploy_knows(machine: Path) -> None:
    listed = re.findall(r"for name in (.*?)\ndo satark deploy", "\n".join(blocks("sh")), re.DOTALL)
    names = {name for names in listed for name in names.split()} | set(
        re.findall(r"satark deploy ([a-z][\w.-]+)", PAGE)
    )
    assert names <= set(NAMES)
    assert {"satark-web.service", "nginx.conf", "prometheus.yml"} <= names
    for name in names:
        assert run("deploy", name).stdout
