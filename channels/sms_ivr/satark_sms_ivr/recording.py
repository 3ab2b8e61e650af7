"""For whoever records the prompts of the call: every line that is always the same, with the name of its file."""

from __future__ import annotations

from collections.abc import Iterator

import click
from msgspec.structs import replace

from satark.catalogues import Catalogues
from satark.commands import geography_of, settings_of
from satark.flow import Flow, FlowError, Geography, default_flow, every_prompt, load_flow, read_flow
from satark_sms_ivr.clips import clip_name
from satark_sms_ivr.keypad import SEVEN, as_menu
from satark_sms_ivr.phrases import OUTAGE_LANGUAGES, fixed_phrases, language_of
from satark_sms_ivr.speaking import menu_lines, spoken_lines


@click.group("voice")
def voice_group() -> None:
    """The phone call."""


@voice_group.command()
@click.pass_context
def lines(ctx: click.Context) -> None:
    """List every line of the call that can be recorded: the name of its file (before .mp3 or .wav), a tab, its words.

    A line that holds what nobody knows before (a tip's number, an answer, an officer's words) is always read aloud.
    """
    settings = settings_of(ctx)
    try:
        source = read_flow(settings.core.flow) if settings.core.flow else default_flow()
        found = fixed_lines(load_flow(source), source.catalogues, geography_of(ctx))
    except FlowError as error:
        raise click.ClickException(str(error)) from None
    for language, line in dict.fromkeys(found):
        click.echo(f"{clip_name(language, line)}\t{line}")


def fixed_lines(flow: Flow, catalogues: Catalogues, geography: Geography) -> Iterator[tuple[str, str]]:
    """Give each line that a call says in the same words every time, with its language; some come more than once."""
    texts = [catalogue.get(key) for catalogue in catalogues for key in catalogue]
    fixed = {line for text in texts for line in spoken_lines(text) if "{" not in line}
    for _, prompt in every_prompt(flow, catalogues, geography, "voice"):
        for line in spoken_lines(prompt.text):
            if line in fixed:
                yield language_of(line, prompt.language), line
        for page in range(-(-len(prompt.choices) // SEVEN)):
            for line in menu_lines(as_menu(replace(prompt, page=page))):
                yield language_of(line, prompt.language), line
    for language in OUTAGE_LANGUAGES:
        yield from ((language, text) for text in fixed_phrases(language))
