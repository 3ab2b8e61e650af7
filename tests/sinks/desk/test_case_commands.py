"""One set of rules: the page and the command of an act accept and refuse the same input.

Each case is an act with an officer's input. The tests try each case as a form and as a command, on tips in the same
state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Message
from satark.casework import ACT_NAMES, Casework, Clocks, DeskAct, DeskActs
from satark.services import Services
from satark_desk.command_context import report_errors
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from support.desk_reading import records
from support.tips import SeededTip, seed_message, seed_tip

pytestmark = pytest.mark.slow("every act by page and command")

OPTIONS: Mapping[str, Mapping[str, str]] = {
    "status": {"status": "--status", "text": "--message"},
    "ask": {"text": "--message"},
    "note": {"text": "--text", "private": "--private"},
    "direct": {
        "to": "--to",
        "text": "--instruction",
        "due": "--due",
        "rewording": "--rewording",
        "field": "--field",
        "raw": "--own-words",
    },
    "consent": {},
    "withdraw": {"to": "--from", "text": "--reason"},
    "report": {"text": "--text"},
    "close": {"outcome": "--outcome", "text": "--done", "reason": "--message"},
    "approve": {"reason": "--message"},
    "refuse": {"text": "--reason"},
    "correct": {"priority": "--priority", "category": "--category", "text": "--reason"},
    "assign": {"to": "--to"},
    "merge": {"to": "--into", "text": "--reason"},
    "unmerge": {},
    "recuse": {},
    "readmit": {"to": "--officer", "text": "--reason"},
}
"""Act → field of its form → option of its command."""
COMMANDS = {
    "status": ["respond"],
    "ask": ["respond", "--status", "NEED_INFO"],
    "approve": ["approve-closing"],
    "refuse": ["refuse-closing"],
}
"""Act → its command, if that has another name."""


class Case(NamedTuple):
    """One act by one desk, in a state of the tip."""

    desk: str
    state: str
    act: str
    fields: Mapping[str, str]
    is_allowed: bool


OWN_WORDS = "मेरी दुकान के सामने कच्ची शराब बन रही है"
DONE = {"outcome": "fir", "text": "registered", "reason": "acted upon"}
CASES = [
    Case("sp", "new", "status", {"status": "VERIFYING", "text": "x"}, is_allowed=True),
    Case("sp", "new", "status", {"status": "ACTED"}, is_allowed=True),
    Case("lanka", "directed", "status", {"status": "VERIFYING"}, is_allowed=False),
    Case("sp", "directed", "status", {"status": "VERIFYING"}, is_allowed=True),
    Case("sp", "new", "ask", {"text": "which road?"}, is_allowed=True),
    Case("sp", "new", "ask", {"text": " "}, is_allowed=False),
    Case("lanka", "directed", "ask", {"text": "which road?"}, is_allowed=False),
    Case("sp", "directed", "ask", {"text": "which road?"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "x"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "x", "private": "yes"}, is_allowed=True),
    Case("sp", "new", "note", {"text": "  "}, is_allowed=False),
    Case("sp", "new", "note", {"text": "x" * 10_001}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look"}, is_allowed=True),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "due": "2026-01-01T10:00"}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "due": "soon"}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": " "}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "nowhere", "text": "look"}, is_allowed=False),
    Case(
        "sp", "new", "direct", {"to": "lanka", "text": "look", "rewording": "liquor", "give_who": "x"}, is_allowed=True
    ),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "rewording": OWN_WORDS}, is_allowed=False),
    Case("sp", "new", "direct", {"to": "lanka", "text": "look", "raw": "yes"}, is_allowed=True),
    Case("lanka", "directed", "direct", {"to": "dig", "text": "look"}, is_allowed=False),
    Case("sp", "raw asked", "consent", {}, is_allowed=False),
    Case("sp", "new", "consent", {}, is_allowed=False),
    Case("sp", "directed", "withdraw", {"to": "lanka", "text": "wrong desk"}, is_allowed=True),
    Case("dig", "directed", "withdraw", {"to": "lanka", "text": "wrong desk"}, is_allowed=True),
    Case("sp", "directed", "withdraw", {"to": "lanka", "text": ""}, is_allowed=False),
    Case("sp", "directed", "withdraw", {"to": "dig", "text": "x"}, is_allowed=False),
    Case("lanka", "directed", "withdraw", {"to": "lanka", "text": "x"}, is_allowed=False),
    Case("sp", "new", "report", {"text": "seen"}, is_allowed=False),
    Case("lanka", "directed", "report", {"text": "seen"}, is_allowed=True),
    Case("lanka", "directed", "report", {"text": " "}, is_allowed=False),
    Case("sp", "new", "close", DONE, is_allowed=True),
    Case("sp", "new", "close", {**DONE, "reason": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "text": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "outcome": ""}, is_allowed=False),
    Case("sp", "new", "close", {**DONE, "outcome": "won"}, is_allowed=False),
    Case("lanka", "directed", "close", {**DONE, "reason": ""}, is_allowed=True),
    Case("sp", "asked", "approve", {"reason": "acted upon"}, is_allowed=True),
    Case("sp", "asked", "approve", {"reason": ""}, is_allowed=False),
    Case("lanka", "asked", "approve", {"reason": "acted upon"}, is_allowed=False),
    Case("sp", "asked", "refuse", {"text": "look again"}, is_allowed=True),
    Case("sp", "asked", "refuse", {"text": ""}, is_allowed=False),
    Case("sp", "new", "refuse", {"text": "x"}, is_allowed=False),
    Case("sp", "disputed", "status", {"status": "ACTED"}, is_allowed=False),
    Case("dig", "disputed", "close", DONE, is_allowed=True),
    Case("sp", "new", "correct", {"priority": "urgent", "text": "armed"}, is_allowed=True),
    Case("sp", "new", "correct", {"priority": "urgent", "text": ""}, is_allowed=False),
    Case("sp", "new", "correct", {"priority": "normal", "text": "x"}, is_allowed=False),
    Case("sp", "new", "correct", {"category": "ARMS", "text": "x"}, is_allowed=True),
    Case("sp", "new", "correct", {"category": "NONSENSE", "text": "x"}, is_allowed=False),
    Case("sp", "new", "assign", {"to": "sp-1"}, is_allowed=True),
    Case("sp", "new", "assign", {"to": "dig-1"}, is_allowed=False),
    Case("sp", "new", "merge", {"to": "K999-9999"}, is_allowed=False),
    Case("sp", "new", "unmerge", {}, is_allowed=False),
    Case("sp", "merged", "unmerge", {}, is_allowed=True),
    Case("sp", "merged", "status", {"status": "VERIFYING"}, is_allowed=False),
    Case("sp", "merged", "close", DONE, is_allowed=False),
    Case("sp", "merged", "merge", {"to": "K999-9999"}, is_allowed=False),
    Case("sp", "new", "status", {"status": "SET_ASIDE"}, is_allowed=True),
    Case("sp", "urgent", "status", {"status": "SET_ASIDE"}, is_allowed=False),
    Case("sp", "new", "recuse", {}, is_allowed=True),
    Case("dig", "new", "recuse", {}, is_allowed=False),
    Case("sp", "recused", "readmit", {"to": "sp-2", "text": "another man of that name"}, is_allowed=True),
    Case("sp", "recused", "readmit", {"to": "sp-2", "text": " "}, is_allowed=False),
    Case("sp", "recused", "readmit", {"to": "sp-1", "text": "x"}, is_allowed=False),
    Case("sp", "recused", "assign", {"to": "sp-2"}, is_allowed=False),
    Case("sp", "new", "readmit", {"to": "sp-2", "text": "x"}, is_allowed=False),
]


@pytest.fixture(autouse=True)
def unlocked_once(monkeypatch: pytest.MonkeyPatch, services: Services, unlocked: Callable[[str], UnlockedDesk]) -> None:
    """Open the store and unlock each desk once. Doing so for each command would take longer than all else."""
    known: dict[str, UnlockedDesk] = {}

    @contextmanager
    def unlocked_desk(desk: str, _file: Path) -> Iterator[tuple[Services, UnlockedDesk]]:
        if desk not in known:
            known[desk] = unlocked(desk)
        with report_errors():
            yield services, known[desk]

    monkeypatch.setattr("satark_desk.case_commands.unlocked_desk", unlocked_desk)


@pytest.fixture
def tip_in(
    services: Services,
    desk: Callable[[str], Desk],
    casework: Callable[[str], Casework],
    unlocked: Callable[[str], UnlockedDesk],
) -> Any:
    """Make a tip in a state: new, directed by the SP to the station, asked to be closed, disputed, `sp-2` recused."""
    desks = [desk("sp"), desk("dig")]
    acts = {name: DeskActs(services, casework(name), Clocks()) for name in ("sp", "lanka")}

    second = unlocked("sp")
    passphrase = "quiet mango tractor 7 violin ledger"
    add_officer(services, second, NewOfficer(name="sp-2", passphrase=passphrase))
    recusing = unlock(services, "sp", "sp-2", passphrase).casework(services)

    def do(name: str, seeded: SeededTip, act: DeskAct) -> None:
        acts[name].perform(casework(name).open(seeded.number), act)

    def make(state: str) -> SeededTip:
        answers = {"category": "liquor", "what": OWN_WORDS}
        seeded = seed_tip(services, desks, answers=answers, priority="urgent" if state == "urgent" else "normal")
        if state == "recused":
            tip = recusing.open(seeded.number)
            DeskActs(services, recusing, Clocks()).perform(tip, DeskAct(name="recuse"))
        if state == "merged":
            do("sp", seeded, DeskAct(name="merge", to=seed_tip(services, desks).number))
        if state == "raw asked":
            do("sp", seeded, DeskAct(name="direct", to="lanka", text="look", raw=True))
        if state in {"directed", "asked"}:
            do("sp", seeded, DeskAct(name="direct", to="lanka", text="look"))
        if state == "asked":
            do("lanka", seeded, DeskAct(name="close", outcome="nothing_found", text="nobody there"))
        if state == "disputed":
            do("sp", seeded, DeskAct(name="close", outcome="nothing_found", text="x", reason="nothing found"))
            seed_message(services, seeded, Message(sender="tipster", text="no", feedback="no"))
        return seeded

    return make


@pytest.mark.full("every act")
def test_the_page_and_the_command_of_every_act_follow_the_same_rules(
    services: Services,
    tip_in: Callable[[str], SeededTip],
    browser: Callable[..., Client],
    run: Callable[..., Result],
    unlocked: Callable[[str], UnlockedDesk],
) -> None:
    clients = {name: browser(name) for name in ("sp", "dig", "lanka")}
    readers = {name: Casework(services, name, unlocked(name).identity) for name in ("sp", "dig", "lanka")}
    wrong = []
    for case in CASES:
        on_web, by_command = tip_in(case.state), tip_in(case.state)
        form = {**case.fields, "confirmed": "yes", "once": on_web.number}
        answer = clients[case.desk].post(f"/desk/tips/{on_web.number}/{case.act}", data=form, follow_redirects=False)
        web = "done=" in answer.headers["location"]
        words = [word for field, value in case.fields.items() for word in _option(case.act, field, value)]
        name, *given = COMMANDS.get(case.act, [case.act])
        result = run("desk", name, case.desk, by_command.number, *given, *words, by=case.desk)
        threads = [_steps_of(readers[case.desk], tip.number) for tip in (on_web, by_command)]
        outcome = (web, result.exit_code == 0, threads[0] == threads[1])
        if outcome != (case.is_allowed, case.is_allowed, True):
            wrong.append(f"{case}: {outcome} {result.output}")
    assert wrong == []
    assert {case.act for case in CASES} == set(ACT_NAMES)


def _option(act: str, field: str, value: str) -> list[str]:
    if field in {"raw", "private"}:
        return [OPTIONS[act][field]]
    if field.startswith("give_"):
        return [OPTIONS[act]["field"], f"{field.removeprefix('give_')}={value}"]
    return [OPTIONS[act][field], value]


def _steps_of(reader: Casework, number: str) -> list[tuple[object, ...]]:
    thread = [posted.message for posted in reader.open(number).thread]
    return [(one.desk, one.status, one.text, one.internal, one.case and one.case.kind) for one in thread]


def test_the_commands_of_a_desks_work_print_json_and_text(
    tip_in: Callable[[str], SeededTip], run: Callable[..., Result]
) -> None:
    seeded = tip_in("disputed")
    (row,) = [json.loads(line) for line in run("desk", "queue", "dig", "--json", by="dig").stdout.splitlines()]
    assert (row["number"], row["status"], row["disputes"]) == (seeded.number, "REOPENED", 1)
    assert {"new", "risen", "disputed"} <= set(row["marks"])
    found = run("desk", "search", "dig", "sharab", by="dig").stdout
    assert seeded.number in found
    assert "शराब" in found
    assert run("desk", "search", "dig", "motorcycle", "--json", by="dig").stdout == ""
    shown = run("desk", "show", "sp", seeded.number, "--language", "hi", by="sp").stdout
    assert "nothing found" in shown
    assert "दोबारा खोली गई" in shown
    assert json.loads(run("desk", "show", "sp", seeded.number, "--json", by="sp").stdout)["outcome"] == "nothing_found"
    figures = json.loads(run("desk", "stats", "sp", "--json", by="sp").stdout)
    assert (figures["tips"], figures["disputed_closings"], figures["disputed_by_desk"]) == (1, 1, {"sp": 1})
    assert "Reopened" in run("desk", "stats", "sp", by="sp").stdout


def test_an_officers_own_act_by_a_command_does_not_make_the_tip_new_to_that_officer(
    tip_in: Callable[[str], SeededTip], run: Callable[..., Result]
) -> None:
    seeded = tip_in("new")
    assert run("desk", "show", "sp", seeded.number, by="sp").exit_code == 0
    assert run("desk", "note", "sp", seeded.number, "--text", "mine", by="sp").exit_code == 0
    assert run("desk", "queue", "sp", "--mark", "new", "--json", by="sp").stdout == ""
    assert run("desk", "show", "dig", seeded.number, by="dig").exit_code == 0
    assert run("desk", "note", "sp", seeded.number, "--text", "again", by="sp").exit_code == 0
    assert seeded.number in run("desk", "queue", "dig", "--mark", "new", "--json", by="dig").stdout


Run = Callable[..., Result]
FindDesk = Callable[[str], Desk]


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
