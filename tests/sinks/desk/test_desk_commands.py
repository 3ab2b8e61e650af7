"""`satark desk …` and `satark officer …`: their output and their error messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from satark.api.routing import Desk
from satark.api.tip import Accused, Message
from satark.casework import Casework
from satark.cli.main import cli
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.desk_keys import UnlockedDesk
from support.desk_reading import records
from support.tips import seed_file, seed_message, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


def test_an_empty_queue_prints_nothing(run: Run) -> None:
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert (result.exit_code, result.output) == (0, "")


def test_a_desk_is_created_with_a_new_passphrase(run: Run, passphrase_file: Callable[[str], Path]) -> None:
    made = run(
        "desk", "add", "cantt", "--title", "थाना कैंट", "--level", "station", "--area", "cantt", "--officer", "SHO"
    )
    assert made.exit_code == 0, made.output
    passphrase = made.stdout.rpartition(": ")[2].strip()
    assert len(passphrase) == 29
    unlocked = run("desk", "tips", "cantt", "--json", "--passphrase-file", passphrase_file(passphrase))
    assert unlocked.exit_code == 0
    (listed,) = [line for line in records(run("desk", "list", "--json")) if line["name"] == "cantt"]
    assert listed["officers"] == ["SHO"]
    assert listed["level"] == "station"
    assert "थाना कैंट" in run("desk", "list").stdout


def test_rotating_and_removing_an_officer_change_the_key(
    services: Services, run: Run, desk: FindDesk, passphrase_file: Callable[[str], Path]
) -> None:
    number = seed_tip(services, [desk("sp")]).number
    recipients = {desk("sp").recipient}
    second = passphrase_file("another passphrase")
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0
    assert "new key" in run("desk", "rotate", "sp", "--passphrase-file", second).stdout
    recipients.add(desk("sp").recipient)
    assert "new key" in run("officer", "remove", "sp", "second", by="sp").stdout
    recipients.add(desk("sp").recipient)
    assert len(recipients) == 3
    assert run("desk", "tips", "sp", "--passphrase-file", second).exit_code == 1
    assert number in run("desk", "tips", "sp", by="sp").stdout


def test_a_passphrase_file_that_everybody_can_read_is_refused(
    services: Services, run: Run, passphrase_file: Callable[[str], Path]
) -> None:
    del services
    file = passphrase_file("sp passphrase 1")
    file.chmod(0o644)
    result = run("desk", "tips", "sp", "--passphrase-file", file)
    assert (result.exit_code, f"chmod 600 {file}" in result.stderr) == (1, True)


def test_a_given_passphrase_is_not_printed(run: Run, passphrase_file: Callable[[str], Path]) -> None:
    result = run("desk", "add", "cantt", "--passphrase-file", passphrase_file("chosen by hand"))
    assert result.exit_code == 0
    assert "chosen" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("sp",), "already"), (("UPPER",), "lower-case"), (("a" * 41,), "lower-case"), (("../x",), "lower-case")],
)
def test_an_invalid_desk_name_is_refused(arguments: Sequence[str], message: str, run: Run) -> None:
    result = run("desk", "add", *arguments, "--officer", "SHO")
    assert result.exit_code == 1
    assert message in result.stderr


def test_a_short_passphrase_is_refused(run: Run, passphrase_file: Callable[[str], Path]) -> None:
    result = run("desk", "add", "cantt", "--passphrase-file", passphrase_file("short"))
    assert result.exit_code == 1
    assert "easy to guess" in result.stderr
    assert "cantt" not in run("desk", "list").stdout


def test_an_excluded_desk_gives_the_same_output_with_and_without_the_tip(
    services: Services, run: Run, desk: FindDesk
) -> None:
    seed_tip(services, [desk("sp"), desk("lanka")])
    known = seed_tip(services, [desk("sp"), desk("lanka")])
    accused = Accused(level="station", unit="lanka")

    def everything(number: str) -> list[tuple[int, str, str]]:
        commands = [
            ("desk", "tips", "lanka"),
            ("desk", "tips", "lanka", "--json"),
            ("desk", "respond", "lanka", number, "--status", "CLOSED"),
            ("desk", "evidence", "lanka", number, "out"),
        ]
        results = [run(*command, by="lanka") for command in commands]
        return [(result.exit_code, result.stdout, result.stderr) for result in results]

    before = everything("K999-9999")
    secret = seed_tip(services, [desk("sp"), desk("dig")], accused=accused, excluded=("lanka",))
    seed_message(services, secret, Message(sender="tipster", text="और भी"))
    assert everything("K999-9999") == before
    assert everything(secret.number) == before
    assert everything(secret.id) == before
    assert known.number in before[0][1]


def test_a_moved_envelope_is_reported_and_can_not_be_opened(
    services: Services, run: Run, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk]
) -> None:
    mine, other = seed_tip(services, [desk("sp")]), seed_tip(services, [desk("dig")])
    table = tables.envelope

    def move(unit: Any) -> None:
        unit.keys.execute(delete(table).where(table.c.tip == other.id))
        moved = {"tip": other.id, "holder": envelopes.tag(unit.keys, other.id, "sp")}
        unit.keys.execute(update(table).where(table.c.tip == mine.id, table.c.sealed != b"").values(moved))

    services.write_now(move)
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert result.stdout == ""
    assert "tips that can't be opened: 1" in result.stderr
    assert Casework(services, "sp", unlocked("sp").identity).summaries() == []


def test_the_command_warns_of_a_desk_with_one_officer_and_a_recovery_head_can_open_the_desk(
    services: Services, run: Run, passphrase_file: Callable[[str], str]
) -> None:
    alone = run("desk", "add", "cantt", "--level", "station", "--area", "cantt")
    assert "all its tips are lost; add another" in alone.stderr
    kept = run("desk", "add", "sigra", "--level", "station", "--area", "sigra", "--recovery")
    assert kept.stderr == ""
    passphrase = kept.stdout.rpartition("for a safe, shown only once: ")[2].strip()
    assert run("desk", "tips", "sigra", "--passphrase-file", passphrase_file(passphrase)).exit_code == 0
    listed = services.roster_state().desks["sigra"]
    assert sorted(listed.heads) == ["recovery", "sigra"]


def test_an_officer_whose_passphrase_somebody_else_knows_is_told_at_every_command(
    run: Run, passphrase_file: Callable[[str], str]
) -> None:
    made = passphrase_file("neem ke ped par 7 tote")
    assert run("desk", "add", "cantt", "--level", "station", "--passphrase-file", made).exit_code == 0
    told = run("desk", "tips", "cantt", "--passphrase-file", made)
    assert (told.exit_code, told.stdout) == (0, run("desk", "tips", "lanka", by="lanka").stdout)
    assert "somebody else knows this passphrase" in told.stderr
    assert run("desk", "tips", "lanka", by="lanka").stderr == ""


def test_a_response_becomes_the_status_and_a_message(services: Services, run: Run, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    result = run(
        "desk", "respond", "sp", seeded.number, "--status", "need_info", "--message", "कब?", "--question", by="sp"
    )
    assert result.exit_code == 0, result.output
    (record,) = records(run("desk", "tips", "dig", "--json", by="dig"))
    assert record["status"] == "NEED_INFO"
    (message,) = record["messages"]
    assert message["text"] == "कब?"
    assert message["question"] is True
    assert message["desk"] == "sp"
    assert message["band"].endswith("/PT6H")


def test_a_number_and_a_message_come_on_standard_input(services: Services, run: Run, desk: FindDesk) -> None:
    """Everybody on the machine can read a command's words, and `sudo` logs them."""
    seeded = seed_tip(services, [desk("sp")])
    result = run(
        "desk", "respond", "sp", "-", "--status", "need_info", "--message", "-", by="sp", text=f"{seeded.number}\nकब?\n"
    )
    assert result.exit_code == 0, result.output
    (record,) = records(run("desk", "tips", "sp", "--json", by="sp"))
    assert [one["text"] for one in record["messages"]] == ["कब?"]


def test_an_act_is_refused_in_the_words_of_the_page(services: Services, run: Run, desk: FindDesk) -> None:
    urgent = seed_tip(services, [desk("sp")], priority="urgent").number
    result = run("desk", "respond", "sp", urgent, "--status", "SET_ASIDE", by="sp")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: An urgent tip is not set aside")


def test_a_pack_is_exported_and_verified(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path, passphrase_file: Callable[[str], Path]
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_file(services, seeded, "2", b"voice", b"clean", disguised=b"x", kind="voice", mime="audio/ogg", role="what")
    second = passphrase_file("another passphrase")
    run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp")
    command = ("evidence", "export", "sp", seeded.number, tmp_path / "pack.zip", "--originals", "--name", "R. Singh")
    assert run(*command, by="sp").exit_code == 2
    result = run(*command, "--second-passphrase-file", second, by="sp")
    assert result.exit_code == 0, result.output
    assert "2 files, certificates in Hindi and English" in result.stdout
    manifest = result.stdout.partition("manifest ")[2][:64]
    intact = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip"), "--manifest", manifest])
    assert (intact.exit_code, "is intact: 2 files" in intact.stdout) == (3, True)
    assert "NOT VERIFIED: whose key is it?" in intact.stdout
    altered = bytearray((tmp_path / "pack.zip").read_bytes())
    altered[altered.index(b"original", altered.index(b"original.jpg") + 8)] ^= 1
    (tmp_path / "pack.zip").write_bytes(altered)
    verdict = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip"), "--json"])
    assert verdict.exit_code == 1
    report = json.loads(verdict.stdout)
    assert not report["good"]
    assert "data/1-original.jpg" in {problem["part"] for problem in report["problems"]}


def test_another_desk_countersigns_a_pack(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    pack, stated = tmp_path / "pack.zip", tmp_path / "pack.zip.dig.json"
    assert run("evidence", "export", "sp", seeded.number, pack, by="sp").exit_code == 0
    own = run("evidence", "countersign", "sp", pack, by="sp")
    assert (own.exit_code, "it takes another one" in own.output) == (1, True)
    assert run("evidence", "countersign", "dig", pack, by="dig").exit_code == 0
    verify = ["evidence", "verify", str(pack), "--countersignature", str(stated)]
    intact = CliRunner().invoke(cli, verify)
    assert (intact.exit_code, "by the desk dig" in intact.stdout) == (3, True)
    (tmp_path / "roster.jsonl").write_bytes(b"\n".join(services.read_keys(services.roster.stored_entries)))
    known = CliRunner().invoke(cli, [*verify, "--roster", str(tmp_path / "roster.jsonl")])
    assert (known.exit_code, known.stdout.splitlines()[-1]) == (0, "VERIFIED")
    stated.write_bytes(stated.read_bytes().replace(b"2", b"1", 1))
    assert "the countersignature: " in CliRunner().invoke(cli, verify).stdout
    pack.write_bytes(pack.read_bytes()[:-1])
    altered = run("evidence", "countersign", "dig", pack, by="dig")
    assert (altered.exit_code, "the pack was altered" in altered.output) == (1, True)


def test_core_and_desk_share_the_command_group(run: Run) -> None:
    shown = CliRunner().invoke(cli, ["evidence", "--help"])
    assert {"export", "verify"} <= set(shown.stdout.split())


def test_a_pack_can_be_verified_without_any_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["not_installed"]')
    (tmp_path / "pack.zip").write_bytes(b"no pack")
    result = CliRunner().invoke(cli, ["evidence", "verify", str(tmp_path / "pack.zip")])
    assert result.exit_code == 1
    assert "or is no pack" in result.stdout
