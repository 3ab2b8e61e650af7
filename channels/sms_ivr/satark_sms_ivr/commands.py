"""The command `satark voice`: lists the lines of a call that can be recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click
from msgspec.structs import replace

from satark.api import Flow, Prompt, clip_name, command_host
from satark_sms_ivr.call_texts import fixed_call_texts, language_of, spoken_language
from satark_sms_ivr.keypad import PAGE_CHOICES, fit_to_keypad
from satark_sms_ivr.speech import menu_lines, spoken_lines
from satark_words.catalogues import Catalogues


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
    """Yield each line of the prompts without variable text, with its language. Some lines are repeated."""
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
