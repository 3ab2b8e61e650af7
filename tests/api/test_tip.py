"""One place lists a tip's statuses, the order of its files and its receipt's code, for every part of Satark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from satark.api.tip import STATUSES
from support.source_copy import SourceCopy

ASK_EVERY_PART = """
import json
from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import Mailbox, OpenMailbox
from satark_words.geography.geography import Geography
from satark.api.tip import Message
from satark_desk.desk_commands import respond
from satark.casework import desk_acts
from satark_desk.web import tip_page
from satark_police_system import answers

source, missing, shown = default_flow(), [], ""
try:
    engine = Engine(load_flow(source), source.catalogues, Geography.sample())
    box = OpenMailbox(tip="0" * 32, number="4K7Q-2XPM", recipient="age1")
    session = engine.begin(channel="sms", tip="0" * 32, recipient="age1", identity="K")
    message = Message(sender="desk", status="PARKED")
    shown = engine.show_mailbox(session, Mailbox(open=box, language="en", messages=(message,)), 0).prompt.text
except FlowError as error:
    missing = [str(problem) for problem in error.problems]
print(json.dumps({
    "missing": missing,
    "mailbox": shown,
    "command": list(next(option for option in respond.params if option.name == "status").type.choices),
    "pages": [list(part.STATUSES) for part in (desk_acts, tip_page)],
    "police system": list(answers.STATUSES),
}))
"""


def add_status(copy: SourceCopy) -> None:
    """Add the status PARKED where statuses are listed."""
    tip = copy.folder / "satark/api/tip.py"
    tip.write_text(tip.read_text("utf-8").replace('"REOPENED",\n]', '"REOPENED", "PARKED",\n]'), "utf-8")


@pytest.mark.slow("a process")
def test_a_new_status_is_known_everywhere_and_its_missing_words_are_named(tmp_path: Path) -> None:
    copy = SourceCopy(tmp_path, ["satark", "satark_desk", "satark_police_system"])
    add_status(copy)
    found = copy.run(ASK_EVERY_PART)
    assert found["command"] == found["police system"] == [*STATUSES, "PARKED"]
    assert found["pages"] == [[*STATUSES, "PARKED"]] * 2
    assert found["missing"] == [
        f"language {language!r}: the text {key!r} is missing"
        for language in ("hi", "en")
        for key in ("status.PARKED", "status.PARKED.text")
    ]


@pytest.mark.slow("a process")
def test_a_new_status_is_shown_once_it_has_words(tmp_path: Path) -> None:
    copy = SourceCopy(tmp_path, ["satark", "satark_desk", "satark_police_system"])
    add_status(copy)
    for language in ("hi", "en"):
        with (copy.folder / f"satark/dialogue/texts/{language}.po").open("a", encoding="utf-8") as catalogue:
            catalogue.write('\nmsgid "status.PARKED"\nmsgstr "Parked"\n\n')
            catalogue.write('msgid "status.PARKED.text"\nmsgstr "It has to wait."\n')
    found = copy.run(ASK_EVERY_PART)
    assert found["missing"] == []
    assert "Parked" in str(found["mailbox"])
    assert "It has to wait." in str(found["mailbox"])


def test_the_page_for_police_systems_lists_every_status() -> None:
    page = (Path(__file__).parents[2] / "docs/police-system.md").read_text("utf-8")
    listed = re.search(r"Satark's statuses \(([^)]*)\)", page)
    assert listed is not None
    assert tuple(re.split(r",\s+", listed[1])) == STATUSES
