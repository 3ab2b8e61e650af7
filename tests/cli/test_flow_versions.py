"""`satark flow versions` and `restore`: a questionnaire that was served can be served again."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from satark.dialogue.flow.definition import Flow
from satark.dialogue.flow.loader import default_flow, load_flow, read_flow
from satark.store.flows import Flows
from satark_testing.commands import run
from support.store import fresh_services

MINE = """\
name: mine
languages: [en]
accuses: nobody
priority: {urgent: "seen == 'yes'"}
steps:
  - {id: category, type: choice, means: category, options: [OTHER, HEIN]}
  - {id: seen, type: choice, options: ["yes", "no"], when: "category == 'HEIN'", detail: true}
  - {id: review, type: review}
  - {id: send, type: submit}
"""
TEXTS = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgid "seen.name"
msgstr "Seen"

msgid "seen.ask"
msgstr "Did you see it?"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Flow:
    """A questionnaire of one's own, with its texts."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/en.po").write_text(TEXTS, "utf-8")
    (tmp_path / "mine.yaml").write_text(MINE, "utf-8")
    return load_flow(read_flow(tmp_path / "mine.yaml"))


@pytest.fixture
def served(data: Path, mine: Flow) -> list[Flow]:
    """The questionnaires that a service has served."""
    flows = [load_flow(default_flow()), mine]
    services, build = fresh_services(data), cast("Any", None)  # none is built again here
    for flow in flows:
        engine = cast("Any", SimpleNamespace(flow=flow))
        services.write_now(Flows(engine, build).store_current)
    services.close()
    return flows


def test_every_questionnaire_that_was_served_is_listed(served: list[Flow]) -> None:
    listed = [json.loads(line) for line in run("flow", "versions", "--json").stdout.splitlines()]
    assert {one["hash"]: one["name"] for one in listed} == {flow.hash: flow.name for flow in served}
    assert f"{served[1].hash[:12]}  mine  4 steps" in run("flow", "versions").stdout.splitlines()


def test_a_restored_questionnaire_is_the_same_to_the_byte(served: list[Flow], tmp_path: Path) -> None:
    for number, flow in enumerate(served):
        file = tmp_path / f"restored{number}.yaml"
        assert "satark flow check" in run("flow", "restore", flow.hash[:12], str(file)).stdout
        assert load_flow(read_flow(file)).canonical == flow.canonical


def test_a_version_that_matches_no_or_several_hashes_is_refused(served: list[Flow], tmp_path: Path) -> None:
    assert "no questionnaire begins with 'xyz'" in run("flow", "restore", "xyz", str(tmp_path / "a"), code=1).output
    assert "more than one questionnaire" in run("flow", "restore", "", str(tmp_path / "a"), code=1).output
    assert not (tmp_path / "a").exists()


def test_a_file_that_exists_is_left_alone(served: list[Flow], tmp_path: Path) -> None:
    output = run("flow", "restore", served[1].hash, str(tmp_path / "mine.yaml"), code=1).output
    assert "exists already" in output
    assert (tmp_path / "mine.yaml").read_text("utf-8") == MINE


SHIPPED = Path(str(files("satark.dialogue.flow") / "default.yaml"))
