"""`satark desk …` and `satark officer …`: their output and their error messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import delete, update

from satark.api.routing import Desk
from satark.api.tip import Accused, Message, Origin
from satark.casework import Casework
from satark.services import Services
from satark.store import envelopes, tables
from satark_desk.officers import UnlockedDesk
from support.tips import seed_file, seed_file_state, seed_message, seed_tip

pytestmark = pytest.mark.slow("commands of a whole desk")

Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]
PASSPHRASES = {"sp": "sp passphrase 1", "dig": "dig passphrase 1", "lanka": "lanka passphrase 1"}


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_tip_is_one_complete_json_object(services: Services, run: Run, desk: FindDesk) -> None:
    answers = {"category": "liquor", "what": "नशे का सामान <b>", "where": {"text": "लंका चौराहा", "latitude": 25.28}}
    seeded = seed_tip(
        services, [desk("sp")], answers=answers, priority="urgent", evidence=("1", "2", "3"), language="en"
    )
    origin = Origin(latitude=25.28, longitude=83.0, taken="2026-11-20T21:15")
    seed_file(services, seeded, "1", b"\xff\xd8 original", b"\xff\xd8 clean", caption="देखिए", origin=origin)
    seed_file_state(services, seeded, "2", "due")
    seed_file_state(services, seeded, "3", "lost")

    (record,) = lines(run("desk", "tips", "sp", "--json", by="sp"))

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


def test_an_empty_queue_prints_nothing(run: Run) -> None:
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert (result.exit_code, result.output) == (0, "")


def test_the_table_of_tips_has_the_newest_first(services: Services, run: Run, desk: FindDesk) -> None:
    older = seed_tip(services, [desk("sp")], received="2026-11-20T06/PT6H")
    newer = seed_tip(services, [desk("sp")], received="2026-11-24T12/PT6H")
    output = run("desk", "tips", "sp", by="sp").stdout
    assert output.index(newer.number) < output.index(older.number)
    assert "2026-11-24" in output
    assert "T12" not in output


def test_a_response_becomes_the_status_and_a_message(services: Services, run: Run, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    result = run(
        "desk", "respond", "sp", seeded.number, "--status", "need_info", "--message", "कब?", "--question", by="sp"
    )
    assert result.exit_code == 0, result.output
    (record,) = lines(run("desk", "tips", "dig", "--json", by="dig"))
    assert record["status"] == "NEED_INFO"
    (message,) = record["messages"]
    assert message["text"] == "कब?"
    assert message["question"] is True
    assert message["desk"] == "sp"
    assert message["band"].endswith("/PT6H")


def test_clean_copies_are_written_under_neutral_names(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2"))
    seed_file(services, seeded, "1", b"original", b"clean")
    seed_file(services, seeded, "2", b"unknown", mime="application/x-strange", problem="unknown kind")
    folder = tmp_path / "out" / "deep"
    result = run("desk", "evidence", "sp", seeded.number, folder, by="sp")
    assert result.exit_code == 0, result.output
    assert [path.name for path in folder.iterdir()] == [f"{seeded.number}-1.jpg"]
    written = folder / f"{seeded.number}-1.jpg"
    assert written.read_bytes() == b"clean"
    assert written.stat().st_mode & 0o077 == 0
    assert str(written) in result.stdout


@pytest.mark.parametrize("command", [("desk", "evidence"), ("evidence", "export")])
def test_exporting_a_video_warns_that_the_tipster_may_be_heard(
    command: tuple[str, str], services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2", "3"), answers={"film_sound": "keep"})
    seed_file(services, seeded, "1", b"photo", b"clean photo")
    seed_file(services, seeded, "2", b"film", b"clean film", muted=b"muted", mime="video/mp4", kind="video")
    seed_file(services, seeded, "3", b"film", b"silent film", mime="video/mp4", kind="video")
    result = run(*command, "sp", seeded.number, tmp_path / "out", by="sp")
    assert result.exit_code == 0, result.output
    assert result.stderr == "file 2 is a video: the tipster may be heard in it. Listen before you pass it on\n"


def test_originals_need_two_different_officers(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path, passphrase_file: Callable[[str], Path]
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    first, second = passphrase_file(PASSPHRASES["sp"]), passphrase_file("another passphrase")
    command = ("desk", "evidence", "sp", seeded.number, tmp_path / "out", "--originals")
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0

    assert run(*command, by="sp").exit_code == 2
    assert run(*command, "--second-passphrase-file", first, by="sp").exit_code == 1
    assert not (tmp_path / "out").exists()
    result = run(*command, "--second-passphrase-file", second, by="sp")

    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / f"{seeded.number}-1.original.jpg").read_bytes() == b"original"
    (record,) = lines(run("desk", "tips", "sp", "--json", by="sp"))
    assert "sp-1 and second" in record["messages"][0]["text"]
    assert record["messages"][0]["internal"] is True


def test_an_altered_file_is_not_written(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    (sealed,) = services.evidence_dir.glob("*.clean.age")
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"\0")
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    assert result.exit_code == 1
    assert "altered" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_a_tip_is_directed_to_a_station(services: Services, run: Run, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    result = run("desk", "direct", "sp", seeded.number, "--to", "lanka", "--instruction", "जाँच करें", by="sp")
    assert result.exit_code == 0, result.output
    (record,) = lines(run("desk", "tips", "lanka", "--json", by="lanka"))
    assert record["number"] == seeded.number
    assert "जाँच करें" in record["messages"][0]["text"]


WRONG: list[tuple[Sequence[str], int, str]] = [
    (("desk", "tips", "nowhere"), 1, "wrong"),
    (("desk", "tips", "dig"), 1, "wrong"),
    (("desk", "respond", "sp", "K999-9999", "--status", "CLOSED"), 1, "no tip of that number"),
    (("desk", "respond", "sp", "NUMBER", "--status", "DONE"), 2, "'DONE'"),
    (("desk", "respond", "sp", "NUMBER", "--status", "NEED_INFO", "--question"), 2, "--message"),
    (("desk", "direct", "sp", "NUMBER", "--to", "nowhere", "--instruction", "x"), 1, "no desk"),
    (("desk", "direct", "sp", "NUMBER", "--to", "sp", "--instruction", "x"), 1, "no desk"),
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


def test_a_desk_is_created_with_a_new_passphrase(run: Run, passphrase_file: Callable[[str], Path]) -> None:
    made = run(
        "desk", "add", "cantt", "--title", "थाना कैंट", "--level", "station", "--area", "cantt", "--officer", "SHO"
    )
    assert made.exit_code == 0, made.output
    passphrase = made.stdout.rpartition(": ")[2].strip()
    assert len(passphrase) == 29
    unlocked = run("desk", "tips", "cantt", "--json", "--passphrase-file", passphrase_file(passphrase))
    assert unlocked.exit_code == 0
    (listed,) = [line for line in lines(run("desk", "list", "--json")) if line["name"] == "cantt"]
    assert listed["officers"] == ["SHO"]
    assert listed["level"] == "station"
    assert "थाना कैंट" in run("desk", "list").stdout


def test_adding_and_removing_officers_changes_the_key(
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


def test_a_planted_link_is_replaced_and_not_followed(
    services: Services, run: Run, desk: FindDesk, tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    victim, folder = tmp_path / "victim", tmp_path / "out"
    victim.write_bytes(b"untouched")
    folder.mkdir()
    written = folder / f"{seeded.number}-1.jpg"
    written.symlink_to(victim)
    assert run("desk", "evidence", "sp", seeded.number, folder, by="sp").exit_code == 0
    assert (victim.read_bytes(), written.is_symlink(), written.read_bytes()) == (b"untouched", False, b"clean")
    assert [path.name for path in folder.iterdir()] == [written.name]


def test_a_link_in_place_of_the_folder_is_refused(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"original", b"clean")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    assert (result.exit_code, str(tmp_path / "out") in result.stderr) == (1, True)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_passphrase_file_that_everybody_can_read_is_refused(
    services: Services, run: Run, passphrase_file: Callable[[str], Path]
) -> None:
    del services
    file = passphrase_file("sp passphrase 1")
    file.chmod(0o644)
    result = run("desk", "tips", "sp", "--passphrase-file", file)
    assert (result.exit_code, f"chmod 600 {file}" in result.stderr) == (1, True)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_a_tipster_typed_never_controls_the_terminal(
    services: Services, run: Run, desk: FindDesk, options: tuple[str, ...]
) -> None:
    seed_tip(services, [desk("sp")], answers={"what": "\x9b2J\u202eevil\x1b]0;x\x07"})
    printed = run("desk", "tips", "sp", *options, by="sp").stdout
    assert not set(printed) & {"\x9b", "\u202e", "\x1b", "\x07"}
    if options:
        assert "evil" in printed
        assert lines(run("desk", "tips", "sp", *options, by="sp"))[0]["answers"]["what"].startswith("\x9b2J\u202e")


def test_a_large_file_is_written_completely(services: Services, run: Run, desk: FindDesk, tmp_path: Path) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    clean = bytes(range(256)) * 4096
    seed_file(services, seeded, "1", b"original", clean)
    assert run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp").exit_code == 0
    assert (tmp_path / "out" / f"{seeded.number}-1.jpg").read_bytes() == clean


def test_an_altered_document_is_an_error(services: Services, run: Run, desk: FindDesk) -> None:
    seed_tip(services, [desk("sp")])
    services.write_now(lambda unit: unit.main.execute(update(tables.tip).values(document=b"junk")))
    result = run("desk", "tips", "sp", "--json", by="sp")
    assert (result.exit_code, result.stdout, "altered" in result.stderr) == (1, "", True)


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
            ("desk", "direct", "lanka", number, "--to", "sp", "--instruction", "x"),
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


@pytest.mark.parametrize("accused", [Accused(level="station", unit="lanka"), None])
def test_directing_to_an_excluded_desk_is_like_directing_to_an_unknown_one(
    accused: Accused | None, services: Services, run: Run, desk: FindDesk
) -> None:
    # Once it is the routing's own judgement at submission that forbids it, once the tip itself.
    seeded = seed_tip(services, [desk("sp")], accused=accused, excluded=() if accused else ("lanka",))
    before = services.read_keys(lambda c: c.execute(tables.envelope.select()).all())

    def direct(to: str) -> tuple[int, str, str]:
        result = run("desk", "direct", "sp", seeded.number, "--to", to, "--instruction", "x", by="sp")
        return result.exit_code, result.stdout, result.stderr

    assert direct("lanka") == direct("nowhere")
    assert services.read_keys(lambda c: c.execute(tables.envelope.select()).all()) == before
    assert lines(run("desk", "tips", "lanka", "--json", by="lanka")) == []


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


def test_a_missing_database_is_an_error(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_DATA_DIR", str(tmp_path / "empty"))
    result = run("desk", "list")
    assert (result.exit_code, "satark db upgrade" in result.stderr) == (1, True)


def test_of_a_tipsters_voice_only_the_transcript_is_written(
    services: Services, run: Run, desk: FindDesk, unlocked: Callable[[str], UnlockedDesk], tmp_path: Path
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    seed_file(services, seeded, "1", b"voice", b"clean", disguised=b"x", kind="voice", mime="audio/ogg", role="what")
    casework = unlocked("sp").casework(services)
    casework.transcribe(casework.open(seeded.number), "1", "रात को")
    result = run("desk", "evidence", "sp", seeded.number, tmp_path / "out", by="sp")
    (written,) = (tmp_path / "out").iterdir()
    assert (written.name, written.read_text("utf-8")) == (f"{seeded.number}-1.transcript.txt", "रात को")
    assert "heard at the desk only" in result.stderr
    (record,) = lines(run("desk", "tips", "sp", "--json", by="sp"))
    (file,) = record["evidence"]
    assert (file["own_voice"], file["transcript"], file["kind"]) == (True, "रात को", "voice")


def test_a_desk_with_one_officer_is_warned_of_and_a_recovery_head_opens_it(
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
