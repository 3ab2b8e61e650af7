"""The commands `satark voice` and `satark sms`.

`satark voice` lists the lines of a call that can be recorded. `satark sms` writes the sheet that registers the texts.
"""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

from satark.api import Flow, Prompt, clip_name, command_host
from satark_sms_ivr.call_texts import fixed_call_texts, language_of, spoken_language
from satark_sms_ivr.dlt import Template, broken_rules, least_segments, read_ids, templates
from satark_sms_ivr.keypad import PAGE_CHOICES, fit_to_keypad
from satark_sms_ivr.spoken_lines import menu_lines, spoken_lines
from satark_words.catalogues import Catalogues

COLUMNS: Final = ("name", "language", "type", "encoding", "characters", "segments", "variables", "text", "template_id")
_TYPE: Final = "Service Implicit"


@click.group("voice")
def voice_group() -> None:
    """Phone calls."""


@voice_group.command()
@click.pass_context
def lines(ctx: click.Context) -> None:
    """List every line of a call that can be recorded: its file name without .mp3 or .wav, a tab, and its text.

    Lines with variable text (a tip's number, an answer, an officer's message) are always synthesized.
    """
    host = command_host(ctx)
    found = fixed_lines(host.flow(), host.catalogues(), host.every_prompt("voice"))
    for language, line in dict.fromkeys(found):
        click.echo(f"{clip_name(language, line)}\t{line}")


def fixed_lines(flow: Flow, catalogues: Catalogues, prompts: Iterable[tuple[str, Prompt]]) -> Iterator[tuple[str, str]]:
    """Yield each line of the prompts that has no variable text, with its language. Some lines occur more than once."""
    texts = [catalogue.get(key) for catalogue in catalogues.only(flow.languages) for key in catalogue]
    fixed = {line for text in texts for line in spoken_lines(text) if "{" not in line}
    for _, prompt in prompts:
        for line in spoken_lines(prompt.text):
            if line in fixed:
                yield language_of(line, prompt.language), line
        for page in range(-(-len(prompt.choices) // PAGE_CHOICES)):
            for line in menu_lines(fit_to_keypad(replace(prompt, page=page))):
                yield language_of(line, prompt.language), line
    for language in dict.fromkeys(map(spoken_language, flow.languages)):
        yield from ((language, text) for text in fixed_call_texts(language))


@click.group("sms")
def sms_group() -> None:
    """Text messages."""


@sms_group.command("templates")
@click.option(
    "--approved",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The sheet with the column template_id filled in: what has no id there is reported, and the command fails.",
)
@click.option("--paise", default=20.0, show_default=True, help="What the operator charges for a segment.")
@click.pass_context
def list_templates(ctx: click.Context, approved: Path | None, paise: float) -> None:
    """Write the DLT registration sheet: every text that the questionnaire can send, in each language, as CSV.

    Variables are tagged. Indian operators deliver no message whose text was not registered, and register none that
    breaks TRAI's rules: the command fails and names each. How many segments and paise a tip takes at least is said
    below.
    """
    host = command_host(ctx)
    wanted = list(templates(host.every_prompt("sms", filled=False)))
    ids = _read_ids(approved) if approved else {}
    _write(wanted, ids)
    for language, segments in least_segments(host.flow(), wanted).items():
        click.echo(f"{language}: a tip takes {segments} segments or more, {segments * paise:g} paise", err=True)
    texts = {**{text: text[:60] for text, id_ in ids.items() if id_}, **{one.text: one.name for one in wanted}}
    problems = [f"{name}: {problem}" for text, name in texts.items() for problem in broken_rules(text)]
    if approved:
        problems += [f"{one.name}: its text has no approved id" for one in wanted if not ids.get(one.text)]
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(f"{len(problems)} of {len(wanted)} texts can't be sent in India")


def _write(wanted: Iterable[Template], ids: Mapping[str, str]) -> None:
    sheet = csv.writer(sys.stdout, lineterminator="\n")
    sheet.writerow(COLUMNS)
    for one in wanted:
        encoding = "Unicode" if one.is_unicode else "Text"
        numbers = (len(one.text), one.segments, one.variables)
        sheet.writerow((one.name, one.language, _TYPE, encoding, *numbers, one.text, ids.get(one.text, "")))


def _read_ids(file: Path) -> dict[str, str]:
    try:
        return read_ids(file)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
