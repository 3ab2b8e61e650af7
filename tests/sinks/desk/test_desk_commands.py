"""`satark desk …` and `satark officer …`: their output and their error messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import delete, update

from satark.api.routing import Desk
from satark.api.tip import Accused, Message
from satark.casework import Casework
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.desk_keys import UnlockedDesk
from support.desk_reading import records
from support.tips import seed_message, seed_tip

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
        unit.keys.execute(update(table).where(table.c.tip == mine.id).values(moved))

    services.write_now(move)
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert result.stdout == ""
    assert "tips that can't be opened: 1" in result.stderr
    assert Casework(services, "sp", unlocked("sp").identity).summaries() == []


def test_the_command_warns_of_a_desk_with_one_officer_and_a_recovery_head_can_open_it(
    services: Services, run: Run, passphrase_file: Callable[[str], str]
) -> None:
    alone = run("desk", "add", "cantt", "--level", "station", "--area", "cantt")
    assert "all its tips are lost; add another" in alone.stderr
    kept = run("desk", "add", "sigra", "--level", "station", "--area", "sigra", "--recovery")
    assert kept.stderr == ""
    passphrase = kept.stdout.rpartition("for a safe, shown only once: ")[2].strip()
    assert run("desk", "tips", "sigra", "--passphrase-file", passphrase_file(passphrase)).exit_code == 0
    listed = services.read_keys(services.roster.check).state.desks["sigra"]
    assert sorted(listed.heads) == ["recovery", "sigra"]


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


def test_an_act_is_refused_in_the_words_of_the_page(services: Services, run: Run, desk: FindDesk) -> None:
    urgent = seed_tip(services, [desk("sp")], priority="urgent").number
    result = run("desk", "respond", "sp", urgent, "--status", "SET_ASIDE", by="sp")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: An urgent tip is not set aside")


WriteFile = Callable[[str], Path]
NEW = "purana kuan neem ka ped"


@pytest.mark.slow("commands of a whole desk")
def test_an_officer_changes_the_passphrase(run: Run, passphrase_file: WriteFile) -> None:
    new, weak, old = passphrase_file(NEW), passphrase_file("12345678"), passphrase_file("sp passphrase 1")
    refused = run("officer", "passphrase", "sp", "--new-passphrase-file", weak, by="sp")
    assert (refused.exit_code, "guessers try first" in refused.stderr) == (1, True)
    same = run("officer", "passphrase", "sp", "--new-passphrase-file", old, by="sp")
    assert (same.exit_code, "choose another" in same.stderr) == (1, True)
    changed = run("officer", "passphrase", "sp", "--new-passphrase-file", new, by="sp")
    assert changed.stdout == "officer sp-1 of desk sp has a new passphrase\n"
    assert run("desk", "tips", "sp", by="sp").exit_code == 1
    assert run("desk", "tips", "sp", "--passphrase-file", new).exit_code == 0


@pytest.mark.slow("commands of a whole desk")
def test_an_officer_is_recovered_by_another(run: Run, passphrase_file: WriteFile) -> None:
    second, new = passphrase_file("another passphrase"), passphrase_file(NEW)
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0
    asked = run("officer", "recover", "sp", "sp-1", "--new-passphrase-file", new)
    code = asked.stdout.rpartition(": ")[2].strip()
    approve = ("officer", "approve-recovery", "sp", "sp-1")
    assert "another officer" in run(*approve, code, by="sp").stderr
    assert run(*approve, "0000-0000", "--passphrase-file", second).exit_code == 1
    done = run(*approve, code, "--passphrase-file", second)
    assert done.stdout == "officer sp-1 of desk sp can sign in with the new passphrase\n"
    assert run("desk", "tips", "sp", "--passphrase-file", new).exit_code == 0
