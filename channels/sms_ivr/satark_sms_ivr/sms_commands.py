"""The command `satark sms`: the registration sheet of the texts that are sent."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import click

from satark.api import command_host
from satark_sms_ivr.approved_texts import read_ids
from satark_sms_ivr.dlt import Template, least_segments, templates, unregistered

COLUMNS: Final = ("name", "language", "type", "encoding", "characters", "segments", "variables", "text", "template_id")
_TYPE: Final = "Service Implicit"


@click.group("sms")
def sms_group() -> None:
    """Text messages."""


@sms_group.command("templates")
@click.option(
    "--approved",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The sheet with the column template_id filled in: what has no id there is reported, and the command fails.",
)
@click.pass_context
def list_templates(ctx: click.Context, approved: Path | None) -> None:
    """Write the DLT registration sheet: every text that the questionnaire can send, in each language, as CSV.

    Variables are tagged. Indian operators deliver no message whose text was not registered. How many segments a tip
    takes at least is said below.
    """
    host = command_host(ctx)
    flow = host.flow()
    wanted = list(templates(host.every_prompt("sms", filled=False)))
    ids = _read_ids(approved) if approved else {}
    _write(wanted, ids)
    for language, segments in least_segments(flow, wanted).items():
        click.echo(f"{language}: a tip takes {segments} segments or more", err=True)
    problems = [f"{template.name}: {template.problem}" for template in wanted if template.problem]
    if approved:
        problems += [f"{template.name}: its text has no approved id" for template in unregistered(wanted, ids)]
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
