"""`satark evidence verify` and `satark evidence clean`."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from satark.cli.evidence import evidence
from satark.cli.main import cli
from satark.custody.verify_pack import TAGS
from support.evidence.images import make_image
from support.evidence.markers import MARKER_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_name_in_a_pack_can_not_control_the_terminal(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        archive.writestr("a\nthe pack of tip 1 is intact\x1b[2A", b"x")
        archive.writestr(TAGS[1], b"")
    report = CliRunner().invoke(evidence, ["verify", str(tmp_path / "pack.zip")], color=True)
    assert report.exit_code == 1
    assert "a\ufffdthe pack of tip 1 is intact\ufffd[2A: it was altered, added" in report.output
    assert "\x1b" not in report.output


@pytest.mark.slow("a process")
def test_files_are_cleaned_without_a_tip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "data"))
    photo, strange, copies = tmp_path / "photo.jpeg", tmp_path / "strange", tmp_path / "copies"
    copies.mkdir()
    photo.write_bytes(make_image("jpg", tmp_path) + make_image("jpg", tmp_path))
    strange.write_bytes(b"\xfe\xfd\xfc" * 9)
    run = CliRunner().invoke(cli, ["evidence", "clean", "--report", "--to", str(copies), str(photo), str(strange)])
    assert run.exit_code == 1
    first, second = (json.loads(line) for line in run.stdout.splitlines())
    assert (first["copy"], first["copy_mime"]) == (str(copies / "photo.clean.jpg"), "image/jpeg")
    assert first["left_out"] == ["film", "pictures"], "the specimen ends with the head of a film"
    assert MARKER_BYTES not in (copies / "photo.clean.jpg").read_bytes()
    assert (second["copy"], second["problem"]) == ("", "unknown")
    run = CliRunner().invoke(cli, ["evidence", "clean", "--to", str(copies), str(photo)])
    assert run.exit_code == 0
    assert "without what follows the picture in its file, such as a short film" in run.stdout
    assert not (tmp_path / "data").exists()
