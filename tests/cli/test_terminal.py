"""No control character reaches the terminal, whoever wrote the text."""

from __future__ import annotations

import json
import sys
import unicodedata

import click
import pytest
from click.testing import CliRunner

from satark.cli.main import cli
from satark.cli.terminal import escape_controls, safe_output
from support.loops import every_row

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
BIDI = [chr(code) for code in range(0x110000) if unicodedata.bidirectional(chr(code)) in
        {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI", "B"} and chr(code) != "\n"]  # fmt: skip
MARKS = list("\u200b\u200e\u200f\u061c\u2028\u2029\u2066\ufeff\U000e0041")


@every_row("character", sorted({*CONTROLS, *BIDI, *MARKS}))
def test_every_control_character_is_escaped_as_json_does(character: str) -> None:
    escaped = escape_controls(f"a{character}b")
    assert escaped.isprintable()
    assert json.loads(f'"{escaped}"') == f"a{character}b"


def test_hindi_with_its_joiners_lines_and_tabs_stay() -> None:
    text = "\u0915\u094d\u200d\u0937 \u0930\u094d\u200c\u092f\tx\n✓ ₹"
    assert escape_controls(text) == text


def test_half_a_character_does_not_stop_the_output() -> None:
    assert escape_controls("a\ud83d") == "a\\ud83d"


@click.command("planted")
@click.option("--json", "as_json", is_flag=True)
def planted(*, as_json: bool) -> None:
    words = "\x9b2J\u202eevil\x1b[2J"
    click.echo(json.dumps({"words": words}, ensure_ascii=False) if as_json else words)
    sys.stderr.write(words)
    raise click.ClickException(words)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_no_printed_text_of_a_command_controls_the_terminal(
    options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(cli.commands, "planted", planted)
    result = CliRunner().invoke(cli, ["planted", *options])
    for printed in (result.stdout, result.stderr):
        assert "\\u009b2J\\u202eevil" in printed
        assert not set(printed) & {"\x9b", "\u202e", "\x1b"}
    if options:
        assert json.loads(result.stdout.splitlines()[0]) == {"words": "\x9b2J\u202eevil\x1b[2J"}


def test_the_streams_are_restored() -> None:
    before = sys.stdout, sys.stderr
    with safe_output():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before
