"""`satark flow`: check, show and preview."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from satark import hookimpl
from satark.api.prompt import Capabilities
from satark.cli.flow import MEDIA, flow
from satark.plugins.loader import Plugins
from satark.runtime import compose
from satark.settings.settings import Settings
from satark_words.languages import translations
from support.made_up_language import CODE, NAME, make_language


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text("languages: [en]\naccuses: nobody\nsteps: [{id: a, type: text}]", "utf-8")
    return path


def test_the_default_flow_has_no_problems() -> None:
    result = CliRunner().invoke(flow, ["check"])
    assert (result.exit_code, result.output) == (0, "The flow has no problems.\n")
    assert json.loads(CliRunner().invoke(flow, ["check", "--json"]).output) == []


def test_check_names_every_problem(broken: Path) -> None:
    result = CliRunner().invoke(flow, ["check", str(broken)])
    assert result.exit_code == 1
    assert "the flow can end without a submit step" in result.output
    assert "step 'a', language 'en': the text 'a.ask' is missing" in result.output
    listed = json.loads(CliRunner().invoke(flow, ["check", "--json", str(broken)]).output)
    assert {"text": "the text 'a.ask' is missing", "step": "a", "language": "en"} in listed


def test_show_prints_the_steps_and_the_hash() -> None:
    text = CliRunner().invoke(flow, ["show"]).output
    data = json.loads(CliRunner().invoke(flow, ["show", "--json"]).output)
    assert data["hash"] in text
    assert "category" in text
    assert {"id": "send", "type": "submit"} in data["steps"]


@pytest.mark.parametrize("command", ["show", "preview"])
def test_a_broken_flow_is_reported_without_a_traceback(broken: Path, command: str) -> None:
    result = CliRunner().invoke(flow, [command, str(broken)])
    assert result.exit_code == 1
    assert "can end without a submit step" in result.output
    assert "Traceback" not in result.output


def test_preview_reaches_the_receipt_and_starts_again() -> None:
    typed = [
        "2",
        "daru",
        "They sell it here every night",
        "Lanka",
        "no",
        "skip",
        "1",
        "no",
        "status 1111222233334444",
        "",
    ]
    result = CliRunner().invoke(flow, ["preview"], input="\n".join(typed) + "\n")
    assert result.exit_code == 0
    assert "0000 0000 0000 0000" in result.output
    assert "your contact is erased" in result.output
    assert "That code is not right" in result.output


def test_a_file_that_is_not_text_is_reported_in_one_message(tmp_path: Path) -> None:
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    result = CliRunner().invoke(flow, ["check", str(path)])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_the_questionnaire_in_the_documentation_works(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "flow.md").read_text("utf-8")
    for name, content in re.findall(r"```\w+\n# flow/(\S+)\n(.*?)```", page, re.DOTALL):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, "utf-8")
    assert CliRunner().invoke(flow, ["check", str(tmp_path / "mine.yaml")]).stdout == "The flow has no problems.\n"
    (tmp_path / "texts" / "hi.po").unlink()
    result = CliRunner().invoke(flow, ["check", str(tmp_path / "mine.yaml")])
    assert "step 'colour', language 'hi': the text 'colour.ask' is missing" in result.output
    assert "texts/<language>.po beside the file" in result.output


def test_languages_lists_each_one_and_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = make_language(tmp_path, ["satark.dialogue"])
    text = (own / "satark.dialogue.po").read_text("utf-8")
    (own / "satark.dialogue.po").write_text(text.replace('msgid "review.send"\n', 'msgid "nothing"\n'), "utf-8")
    monkeypatch.setenv("SATARK_LANGUAGES_FOLDER", str(tmp_path))
    listed = CliRunner().invoke(flow, ["languages"]).output
    assert "ur   اردو (rtl, not yet read by a native)" in listed
    assert re.search(rf"^{CODE}  {NAME} \(rtl.*\n +satark.dialogue +\d+ of \d+ texts$", listed, re.MULTILINE)
    lacking = CliRunner().invoke(flow, ["languages", CODE]).output.splitlines()
    assert "satark.dialogue\treview.send" in lacking
    assert "satark_web_form\tstart.lead" in lacking
    assert CliRunner().invoke(flow, ["languages", "hi"]).output == ""
    monkeypatch.undo()
    Settings()
    assert CODE not in translations()


PAGER = Capabilities(kind="chat", text=60, body=60)
OWN = """
languages: [en]
accuses: nobody
steps:
  - {id: plate, type: text, check: plate}
  - {id: review, type: review}
  - {id: send, type: submit}
"""
OWN_TEXTS = """
msgid "plate.ask"
msgstr "Which number stands on the plate of the car that you have seen there last night?"

msgid "plate.name"
msgstr "Plate"
"""


@pytest.fixture
def own_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A questionnaire that needs a plugin's check, with a plugin that offers it and a channel of its own."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/en.po").write_text(OWN_TEXTS, "utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(OWN, "utf-8")
    plugins = Plugins()
    hooks = {
        "satark_validators": hookimpl(lambda: {"plate": lambda value: None}),
        "satark_channels": hookimpl(lambda: [SimpleNamespace(name="pager", capabilities=PAGER)]),
    }
    plugins.register(SimpleNamespace(**hooks), "garage")
    monkeypatch.setattr(compose, "load_plugins", lambda settings: plugins)
    return path


def test_check_knows_the_plugins_checks_and_channels(own_flow: Path) -> None:
    listed = json.loads(CliRunner().invoke(flow, ["check", "--json", str(own_flow)]).output)
    assert not [problem for problem in listed if "not known" in problem["text"]]
    assert {problem.get("channel") for problem in listed} == {"pager"}
    assert {problem.get("step") for problem in listed} >= {"plate"}


@pytest.mark.parametrize("command", ["show", "preview"])
def test_show_and_preview_know_the_plugins_checks(own_flow: Path, command: str) -> None:
    result = CliRunner().invoke(flow, [command, str(own_flow)], input="\n")
    assert (result.exit_code, "plate" in result.output) == (0, True)


def test_a_plugin_that_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["no_such_plugin"]')
    result = CliRunner().invoke(flow, ["check"])
    assert (result.exit_code, "plugin 'no_such_plugin' is not installed" in result.output) == (1, True)
    assert "Traceback" not in result.output


def test_calls_and_the_form_are_checked_without_being_configured() -> None:
    assert {name for name, _ in MEDIA} == {"whatsapp", "telegram", "sms", "voice", "web_form"}


def test_show_draws_a_diagram() -> None:
    drawn = CliRunner().invoke(flow, ["show", "--mermaid"]).output
    assert drawn.startswith("flowchart TD\n")
    assert '  category(["category: choice"])\n' in drawn
    assert "  category --> what\n" in drawn
    assert "  what -->|\"category in ('TRAFF', 'HARASS', 'HEIN')\"| now\n" in drawn
    steps = json.loads(CliRunner().invoke(flow, ["show", "--json"]).output)["steps"]
    assert all(f"  {step['id']}(" in drawn or f"  {step['id']}[" in drawn for step in steps)


def test_show_draws_a_picture() -> None:
    drawn = CliRunner().invoke(flow, ["show", "--svg"]).output
    root = ET.fromstring(drawn)  # noqa: S314 - it is our own
    texts = {text.text: int(text.get("x", "")) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    steps = json.loads(CliRunner().invoke(flow, ["show", "--json"]).output)["steps"]
    assert len([text for text in texts if text and not text.startswith("when ")]) == len(steps)
    assert texts["when category in ('TRAFF', 'HARASS', 'HEIN')"] == texts["now: choice"] > texts["category: choice"]


SHIPPED = Path(str(files("satark.dialogue.flow") / "default.yaml"))
MUNICIPAL = Path(__file__).parents[2] / "examples/municipal/satark_municipal/municipal.yaml"


def problems(document: Any) -> list[str]:
    """Return what the schema says of a questionnaire."""
    schema = json.loads(CliRunner().invoke(flow, ["schema"]).stdout)
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.mark.parametrize("file", [SHIPPED, MUNICIPAL], ids=lambda file: file.stem)
def test_an_editors_schema_takes_every_questionnaire_of_ours(file: Path) -> None:
    assert problems(msgspec.yaml.decode(file.read_bytes())) == []


@pytest.mark.parametrize(
    ("step", "field", "value"),
    [
        (None, "stepps", []),
        (None, "priority", {"low": "now == 'no'"}),
        (0, "typ", "say"),
        (0, "id", "Notice"),
        (2, "means", "kind"),
        (2, "option", ["A"]),
    ],
)
def test_an_editors_schema_refuses_what_is_misspelt(step: int | None, field: str, value: object) -> None:
    document: Any = msgspec.yaml.decode(SHIPPED.read_bytes())
    (document if step is None else document["steps"][step])[field] = value
    assert problems(document)


def test_diff_shows_the_structure_and_what_becomes_of_sessions(tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    text = SHIPPED.read_text("utf-8").replace("- {id: emergency, type: say}", "")
    changed.write_text(text.replace("{id: what, type: text, voice", "{id: what, type: text, max: 500, voice"), "utf-8")
    shown = CliRunner().invoke(flow, ["diff", str(SHIPPED), str(changed)]).stdout
    assert "- emergency\n" in shown
    assert re.search(r"^~ what\.max: \d+ → 500$", shown, re.MULTILINE)
    assert "Sessions under way go on with the questionnaire that they began with" in shown
    back = CliRunner().invoke(flow, ["diff", str(changed), str(SHIPPED)]).stdout
    assert "+ emergency (say)\n" in back
    same = CliRunner().invoke(flow, ["diff", str(SHIPPED)]).stdout
    assert same == "The structure is the same: other words are said in sessions under way too.\n"


def test_a_new_flow_has_no_problems_and_is_answered_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "pothole"
    made = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (made.exit_code, "satark flow check" in made.output) == (0, True)
    file = str(folder / "pothole.yaml")
    checked = CliRunner().invoke(flow, ["check", file])
    assert checked.stdout == "The flow has no problems.\n"
    assert "note: no step has `means: own_voice`: every recording counts as the tipster's own" in checked.stderr
    typed = "\n".join(["1", "1", "There is a hole in the road", "Lanka", "send", "no", ""])
    assert "0000 0000 0000 0000" in CliRunner().invoke(flow, ["preview", file], input=typed).output
    again = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (again.exit_code, "exists already" in again.output) == (1, True)
