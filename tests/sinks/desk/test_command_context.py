"""Each error of the desk's commands is one sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import update

from satark.api.routing import Desk
from satark.services import Services
from satark.store import tables
from satark_files.origin import Origin
from support import commands
from support.desk_reading import records
from support.tips import seed_file, seed_file_state, seed_tip

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


def test_the_table_of_tips_has_the_newest_first(services: Services, run: Run, desk: FindDesk) -> None:
    older = seed_tip(services, [desk("sp")], received="2026-11-20T06/PT6H")
    newer = seed_tip(services, [desk("sp")], received="2026-11-24T12/PT6H")
    output = run("desk", "tips", "sp", by="sp").stdout
    assert output.index(newer.number) < output.index(older.number)
    assert "2026-11-24" in output
    assert "T12" not in output


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_text_that_a_tipster_typed_never_controls_the_terminal(
    services: Services, passphrase_file: Callable[[str], Path], desk: FindDesk, options: tuple[str, ...]
) -> None:
    seed_tip(services, [desk("sp")], answers={"what": "\x9b2J\u202eevil\x1b]0;x\x07"})
    secret = str(passphrase_file("sp passphrase 1"))
    result = commands.run("desk", "tips", "sp", *options, "--passphrase-file", secret)
    printed = result.stdout
    assert not set(printed) & {"\x9b", "\u202e", "\x1b", "\x07"}
    if options:
        assert "evil" in printed
        assert records(result)[0]["answers"]["what"].startswith("\x9b2J\u202e")


def test_a_tip_is_one_complete_json_object(services: Services, run: Run, desk: FindDesk) -> None:
    answers = {"category": "liquor", "what": "नशे का सामान <b>", "where": {"text": "लंका चौराहा", "latitude": 25.28}}
    seeded = seed_tip(
        services, [desk("sp")], answers=answers, priority="urgent", evidence=("1", "2", "3"), language="en"
    )
    origin = Origin(latitude=25.28, longitude=83.0, taken="2026-11-20T21:15")
    seed_file(services, seeded, "1", b"\xff\xd8 original", b"\xff\xd8 clean", caption="देखिए", origin=origin)
    seed_file_state(services, seeded, "2", "due")
    seed_file_state(services, seeded, "3", "lost")

    (record,) = records(run("desk", "tips", "sp", "--json", by="sp"))

    assert record["number"] == seeded.number
    assert record["category"] == "liquor"
    assert record["language"] == "en"
    assert record["status"] == "RECEIVED"
    assert record["received"] == "2026-11-24T06/PT6H"
    assert record["priority"] == "urgent"
    assert record["answers"] == answers
    (file,) = record["evidence"]
    assert file["role"] == "evidence"
    assert (file["mime"], file["bytes"]) == ("image/jpeg", 11)
    assert file["sha256"] == hashlib.sha256(b"\xff\xd8 original").hexdigest()
    assert file["clean"]["sha256"] == hashlib.sha256(b"\xff\xd8 clean").hexdigest()
    assert file["origin"] == {"latitude": 25.28, "longitude": 83.0, "taken": "2026-11-20T21:15"}
    assert (record["pending"], record["lost"]) == (["2"], ["3"])
    assert record["messages"] == []
