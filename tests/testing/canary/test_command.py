"""`satark canary --markers`: searches this installation for identifiers that the operator knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from satark.cli.main import cli
from support.store import fresh_services

PHONE = "919878987789"


@pytest.fixture
def installation(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with migrated databases."""
    monkeypatch.setenv("SATARK_PLUGINS", "[]")
    services = fresh_services(data)
    services.close()
    return data


def canary(folder: Path, markers: str, *options: str) -> tuple[int, str]:
    """Run the command with these markers; return its exit code and output."""
    file = folder / "markers.txt"
    file.write_text(markers)
    result = CliRunner().invoke(cli, ["canary", "--markers", str(file), *options])
    return result.exit_code, result.output


@pytest.mark.slow("whole databases")
def test_an_absent_identifier_is_not_found(installation: Path, tmp_path: Path) -> None:
    code, output = canary(tmp_path, f"phone {PHONE}\nwords मंदिर के पीछे\n")
    assert code == 0, output
    assert output.startswith("0 hits: 2 identifiers in ")


@pytest.mark.slow("a third of a second of a processor")
def test_an_identifier_in_a_file_or_a_log_is_found_and_not_quoted(installation: Path, tmp_path: Path) -> None:
    (installation / "careless").write_text(f"from={PHONE[-5:]};")
    log = tmp_path / "service.log"
    log.write_bytes(PHONE[::-1].encode())
    code, output = canary(tmp_path, f"phone {PHONE}\n", "--log", str(log), "--json")
    assert code == 1
    found = json.loads(output)["finds"]
    assert any("careless" in find for find in found)
    assert any("service.log" in find for find in found)
    assert PHONE[-5:] not in output


def test_a_marker_that_is_too_short_is_refused(installation: Path, tmp_path: Path) -> None:
    for markers in ("phone 123\n", "\n", "word\n"):
        code, output = canary(tmp_path, markers)
        assert code == 2
        assert "phone 123\n" not in output
