"""`satark voice lines` lists what can be recorded; `satark sms templates` writes the registration sheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.api.channel import Outcome, RawRequest
from satark.cli.main import cli
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.every_prompt import every_prompt
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.settings import CallSettings, TwilioSettings
from satark_sms_ivr.twilio import TwilioVoice
from satark_sms_ivr.voice import VoiceChannel
from satark_testing.twilio.people import read_twiml
from satark_words.geography.geography import Geography

VARIABLE = {"review", "@suggested"}
"""Questions that contain a tip's answers, or the possible meaning of a text."""


@pytest.mark.slow("a third of a second of a processor")
def test_the_list_has_every_line_of_a_call_without_variable_text(
    tmp_path: Path, signed: Callable[..., RawRequest], settings: TwilioSettings
) -> None:
    environment = {"SATARK_DATA_DIR": str(tmp_path), "SATARK_PLUGINS": '["sms_ivr"]'}
    ran = CliRunner().invoke(cli, ["voice", "lines"], env=environment)
    listed = [line.split("\t") for line in ran.output.splitlines()]
    assert len({name for name, _ in listed}) == len(listed) > 200
    assert not [line for _, line in listed if any(part in line for part in ("{", "4K7Q", "हथियार बिकते"))]
    for name, _ in listed:
        (tmp_path / f"{name}.mp3").write_bytes(b"ID3")
    provider = TwilioVoice(settings, "https://satark.example")
    recorded = VoiceChannel(provider, CallSettings(clips=tmp_path), "https://satark.example")
    source, raw = default_flow(), signed("/voice/webhook", CallSid="CA" + "1" * 32)
    for name, prompt in every_prompt(load_flow(source), source.catalogues, Geography.sample(), "voice"):
        if "{" not in source.catalogues["en"].get(name.split(maxsplit=1)[1]) and name.split()[1] not in VARIABLE:
            said = read_twiml(recorded.reply(raw, Outcome(prompts=[fit_to_keypad(prompt)])).body)
            spoken = ["".join(verb.itertext()) for verb in said.iter("Say")]
            assert not [line for line in spoken if "varanasipolice" not in line], name


def written(folder: Path, *arguments: str, flow: str = "") -> Result:
    environment = {"SATARK_DATA_DIR": str(folder), "SATARK_PLUGINS": '["sms_ivr"]', "SATARK_FLOW": flow}
    return CliRunner().invoke(cli, ["sms", "templates", *arguments], env=environment)


@pytest.mark.slow("a third of a second of a processor")
def test_the_command_writes_the_sheet_and_refuses_one_with_a_missing_id(tmp_path: Path) -> None:
    result = written(tmp_path)
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {"hi", "en"} <= {row["language"] for row in rows}
    assert re.search(r"en: a tip takes (\d+) segments or more, (\d+) paise", result.stderr)
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
    rows[5]["text"] = "From the police: {#alphanumeric#}{#alphanumeric#}"
    _write(approved, rows)
    assert (
        f"{rows[5]['text']}: no word is between two variables" in written(tmp_path, "--approved", str(approved)).output
    )


@pytest.mark.slow("a whole questionnaire")
def test_the_segments_of_a_custom_questionnaire_are_counted(tmp_path: Path) -> None:
    made = CliRunner().invoke(cli, ["flow", "new", "pothole", "--folder", str(tmp_path / "own")])
    assert made.exit_code == 0, made.output
    ours, own = (
        {language: int(count) for language, count in re.findall(r"(\w+): a tip takes (\d+) segments", told)}
        for told in (written(tmp_path).stderr, written(tmp_path, flow=str(tmp_path / "own/pothole.yaml")).stderr)
    )
    assert own.keys() == ours.keys() == {"hi", "en"}
    assert all(0 < own[language] < ours[language] for language in own)


def test_a_file_that_is_no_sheet_is_refused_with_a_readable_message(tmp_path: Path) -> None:
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
