"""`satark flow`: check, show and preview."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from satark.api import hookimpl
from satark.api.prompt import Capabilities
from satark.cli.flow import MEDIA, flow
from satark.plugins.loader import Plugins
from satark.runtime import compose
from support.commands import run
from support.scripted import ScriptedChannel


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text("languages: [en]\naccuses: nobody\nsteps: [{id: a, type: text}]", "utf-8")
    return path


@pytest.mark.slow("a third of a second of a processor")
def test_the_default_flow_has_no_problems() -> None:
    result = CliRunner().invoke(flow, ["check"])
    assert (result.exit_code, result.output) == (0, "The flow has no problems.\n")


def test_check_names_every_problem(broken: Path) -> None:
    result = CliRunner().invoke(flow, ["check", str(broken)])
    assert result.exit_code == 1
    assert "the flow can end without a submit step" in result.output
    assert "step 'a', language 'en': the text 'a.ask' is missing" in result.output


def test_show_prints_the_steps_and_the_hash() -> None:
    text = CliRunner().invoke(flow, ["show"]).output
    assert re.search(r"^hash [0-9a-f]{8,}$", text, re.MULTILINE)
    assert "category" in text
    assert re.search(r"^send +submit", text, re.MULTILINE)


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
        "1",
        "status 1111222233334444",
        "",
    ]
    result = CliRunner().invoke(flow, ["preview"], input="\n".join(typed) + "\n")
    assert result.exit_code == 0
    assert "0000 0000 0000 0000" in result.output
    assert "your number is erased" in result.output
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


class Pager(ScriptedChannel):
    name = "pager"
    accounts = ("pager:1",)
    capabilities = PAGER


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
        "satark_channels": hookimpl(lambda: [Pager()]),
    }
    plugins.register(SimpleNamespace(**hooks), "garage")
    monkeypatch.setattr(compose, "load_plugins", lambda settings: plugins)
    return path


def test_check_knows_the_plugins_checks_and_channels(own_flow: Path) -> None:
    listed = [one for one in CliRunner().invoke(flow, ["check", str(own_flow)]).output.splitlines() if ": " in one]
    assert not [problem for problem in listed if "not known" in problem]
    assert {name for problem in listed for name in re.findall(r"channel .(\w+).", problem)} == {"pager"}
    assert [problem for problem in listed if "step 'plate'" in problem]


@pytest.mark.parametrize("command", ["show", "preview"])
def test_show_and_preview_know_the_plugins_checks(own_flow: Path, command: str) -> None:
    result = CliRunner().invoke(flow, [command, str(own_flow)], input="\n")
    assert (result.exit_code, "plate" in result.output) == (0, True)


def test_a_plugin_that_can_not_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_PLUGINS", '["no_such_plugin"]')
    assert "plugin 'no_such_plugin' is not installed" in run("flow", "check", code=1).output


def test_calls_and_the_form_are_checked_without_being_configured() -> None:
    assert {name for name, _ in MEDIA} == {"whatsapp", "telegram", "sms", "voice", "web_form"}


SHIPPED = Path(str(files("satark.dialogue.flow") / "default.yaml"))


@pytest.mark.slow("a whole command")
def test_a_new_flow_has_no_problems_and_is_answered_to_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "pothole"
    made = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (made.exit_code, "satark flow check" in made.output) == (0, True)
    file = str(folder / "pothole.yaml")
    checked = CliRunner().invoke(flow, ["check", file])
    assert checked.stdout == "The flow has no problems.\n"
    assert "note: no step has `means: own_voice`: every recording counts as the tipster's own" in checked.stderr
    typed = "\n".join(["1", "1", "There is a hole in the road", "Lanka", "send", "1", ""])
    assert "0000 0000 0000 0000" in CliRunner().invoke(flow, ["preview", file], input=typed).output
    settings = {"SATARK_FLOW": file, "SATARK_DATA_DIR": str(tmp_path / "data")}
    for command in ("check", "show"):
        named, meant = (CliRunner().invoke(flow, words, env=settings).output for words in ([command, file], [command]))
        assert meant == named
    again = CliRunner().invoke(flow, ["new", "pothole", "--folder", str(folder)])
    assert (again.exit_code, "exists already" in again.output) == (1, True)
