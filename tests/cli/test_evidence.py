"""`satark evidence verify`."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from click.testing import CliRunner

from satark.cli.evidence import evidence
from satark.custody.pack import SEAL, seal_json

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_in_a_pack_can_not_control_the_terminal(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("a\nthe pack of tip 1 is intact\x1b[2A", b"x")
        archive.writestr(SEAL, seal_json({}))
    report = CliRunner().invoke(evidence, ["verify", str(tmp_path / "pack.zip")], color=True)
    assert report.exit_code == 1
    assert "a\ufffdthe pack of tip 1 is intact\ufffd[2A: it was added" in report.output
    assert "\x1b" not in report.output
