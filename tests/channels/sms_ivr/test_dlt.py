"""The registration sheet has every text that the questionnaire sends, its variables tagged, within the limits."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.cli.main import cli
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark_sms_ivr.dlt import MAX_CHARACTERS, Template, tagged, templates
from satark_sms_ivr.segments import is_gsm7
from satark_words.geography.geography import Geography


@pytest.fixture(scope="module")
def sheet() -> list[Template]:
    source = default_flow(("hi", "en"))
    return list(templates(every_prompt(load_flow(source), source.catalogues, Geography.sample(), "sms", filled=False)))


def written(folder: Path, *arguments: str, flow: str = "") -> Result:
    environment = {"SATARK_DATA_DIR": str(folder), "SATARK_PLUGINS": '["sms_ivr"]', "SATARK_FLOW": flow}
    return CliRunner().invoke(cli, ["sms", "templates", *arguments], env=environment)


def test_every_question_and_text_is_there_in_each_language(sheet: list[Template]) -> None:
    names = {template.name for template in sheet}
    assert len(names) == len(sheet)
    for language in ("hi", "en"):
        for text in ("category 0", "place 0", "review 0", "receipt", "notice", "not_understood", "status.CLOSED.text"):
            assert f"{language} {text}" in names
    assert len(sheet) > 200


def test_variables_are_tagged_and_nothing_else_is_left_open(sheet: list[Template]) -> None:
    for template in sheet:
        assert re.findall(r"\{[^#}]*\}", template.text) == []
        assert "{#alphanumeric#}" not in template.text or template.variables
    receipt = next(template for template in sheet if template.name == "en receipt")
    assert receipt.variables == 2
    assert tagged("In {minutes} minutes: {code}, {website}") == "In {#numeric#} minutes: {#alphanumeric#}, {#url#}"
    assert tagged("{summary}").count("{#alphanumeric#}") == 10


def test_templates_are_within_the_limits(sheet: list[Template]) -> None:
    assert [template.name for template in sheet if len(template.text) > MAX_CHARACTERS or template.problem] == []
    long = Template(name="en x", language="en", text="x" * (MAX_CHARACTERS + 1))
    assert "2001 of 2000 characters" in long.problem
    devanagari = {template.language for template in sheet if template.is_unicode}
    assert "hi" in devanagari
    assert all(is_gsm7(template.text.replace("#", "")) for template in sheet if not template.is_unicode)


def test_the_command_writes_the_sheet_and_refuses_what_has_no_id(tmp_path: Path) -> None:
    result = written(tmp_path)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {"hi", "en"} <= {row["language"] for row in rows}
    assert all(row["type"] == "Service Implicit" and row["template_id"] == "" for row in rows)
    for number, row in enumerate(rows):
        row["template_id"] = f"1107{number:015}"
    approved = tmp_path / "approved.csv"
    _write(approved, rows)
    complete = written(tmp_path, "--approved", str(approved))
    assert complete.exit_code == 0, complete.output
    assert "1107000000000000001" in complete.stdout
    rows[3]["template_id"] = ""
    rows[5]["text"] += " "
    _write(approved, rows)
    refused = written(tmp_path, "--approved", str(approved))
    assert refused.exit_code == 1
    for row in (rows[3], rows[5]):
        assert f"{row['name']}: its text has no approved id" in refused.output
    assert f"2 of {len(rows)} texts can't be sent in India" in refused.output


def test_the_segments_of_a_questionnaire_of_ones_own_are_told(tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, ["flow", "new", "pothole", "--folder", str(tmp_path / "own")])
    assert made.exit_code == 0, made.output
    ours, own = (
        {language: int(count) for language, count in re.findall(r"(\w+): a tip takes (\d+) segments", told)}
        for told in (written(tmp_path).stderr, written(tmp_path, flow=str(tmp_path / "own/pothole.yaml")).stderr)
    )
    assert own.keys() == ours.keys() == {"hi", "en"}
    assert all(0 < own[language] < ours[language] for language in own)


def test_a_file_that_is_no_sheet_is_refused_in_a_sentence(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    result = written(tmp_path, "--approved", str(other))
    assert result.exit_code == 1
    assert "can't be read: it must be the sheet of `satark sms templates`" in result.output


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)
