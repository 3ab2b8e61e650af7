"""Each error of the desk's commands is one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update

from satark.api.routing import Desk
from satark.services import Services
from satark.store import tables
from support.tips import seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


WRONG: list[tuple[Sequence[str], int, str]] = [
    (("desk", "tips", "nowhere"), 1, "wrong"),
    (("desk", "tips", "dig"), 1, "wrong"),
    (("desk", "respond", "sp", "K999-9999", "--status", "CLOSED"), 1, "no tip of that number"),
    (("desk", "respond", "sp", "NUMBER", "--status", "DONE"), 2, "'DONE'"),
    (("desk", "respond", "sp", "NUMBER", "--status", "NEED_INFO", "--question"), 2, "--message"),
    (("desk", "evidence", "sp", "K999-9999", "out"), 1, "no tip of that number"),
    (("officer", "remove", "sp", "sp-1"), 1, "another officer"),
    (("officer", "remove", "sp", "nobody"), 1, "no officer of that name"),
    (("officer", "add", "sp", "sp-1"), 1, "already"),
    (("officer", "add", "sp", " "), 1, "printable"),
]


@pytest.mark.parametrize("case", WRONG, ids=[" ".join(row[0]) for row in WRONG])
def test_an_error_is_one_sentence(
    case: tuple[Sequence[str], int, str], services: Services, run: Run, desk: FindDesk
) -> None:
    command, code, message = case
    number = seed_tip(services, [desk("sp")]).number
    result = run(*(number if word == "NUMBER" else word for word in command), by="sp")
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_an_unreadable_passphrase_file_is_an_error(run: Run, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    binary.chmod(0o600)
    assert "not UTF-8 text" in run("desk", "tips", "sp", "--passphrase-file", binary).stderr
    missing = run("desk", "tips", "sp", "--passphrase-file", tmp_path / "missing")
    assert (missing.exit_code, "missing" in missing.stderr) == (2, True)


def test_an_altered_document_is_an_error(services: Services, run: Run, desk: FindDesk) -> None:
    seed_tip(services, [desk("sp")])
    services.write_now(lambda unit: unit.main.execute(update(tables.tip).values(document=b"junk")))
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert (result.exit_code, result.stdout, "altered" in result.stderr) == (1, "", True)


def test_a_missing_database_is_an_error(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "empty"))
    result = run("desk", "list")
    assert (result.exit_code, "satark db upgrade" in result.stderr) == (1, True)
