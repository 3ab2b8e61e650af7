"""`satark voice`: makes the clips with which prompts in chats are read out. The plugin `sms_ivr` makes those of
calls."""

from __future__ import annotations

from pathlib import Path

import click

from satark.api.prompt import clip_name
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import configured_flow
from satark.dialogue.rendering.read_aloud import every_phrase
from satark.runtime import compose
from satark.runtime.commands import settings_of
from satark.speech.encoder import EncoderError
from satark.speech.synthetic_voice import PROGRAM, SyntheticVoiceError
from satark.speech.voice_notes import Filled, fill_folder

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def voice() -> None:
    """Prompts that are heard: voice notes in chats, and phone calls."""


@voice.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--recorded",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of recordings (.wav, .mp3, .m4a, .ogg, .flac), each named as `satark voice chat-lines` says.",
)
@click.pass_context
def render(ctx: click.Context, folder: Path, recorded: Path | None) -> None:
    """Fill FOLDER with the clips of WhatsApp's and Telegram's voice notes, for the setting voice_clips.

    A text without a recording is read by espeak-ng, on this machine. Existing clips stay as they are.
    """
    lines = {clip_name(*line): line for line in _lines(ctx)}
    try:
        filled = fill_folder(lines, folder, recorded)
    except (EncoderError, SyntheticVoiceError) as error:
        raise click.ClickException(f"the clips could not be made: {error}") from error
    click.echo(f"{folder}: {filled.recorded} recorded, {filled.rendered} rendered, {len(lines)} in all")
    _refuse_missing(filled)


@voice.command("chat-lines")
@click.pass_context
def chat_lines(ctx: click.Context) -> None:
    """List what can be recorded for chats: the name of the file without its ending, a tab, and its text."""
    for line in dict.fromkeys(_lines(ctx)):
        click.echo(f"{clip_name(*line)}\t{line[1]}")


def _lines(ctx: click.Context) -> list[tuple[str, str]]:
    core = settings_of(ctx).core
    try:
        source = configured_flow(core.flow, core.languages)
    except FlowError as error:
        raise click.ClickException(str(error)) from None
    return list(every_phrase(source.catalogues, compose.load_geography(settings_of(ctx))))


def _refuse_missing(filled: Filled) -> None:
    if filled.missing:
        count = len(filled.missing)
        raise click.ClickException(
            f"{count} clips are missing: install {PROGRAM} (apt-get install {PROGRAM}) and run this again, or record "
            f"them and give --recorded; until then those lines are not read out, such as {filled.missing[0]}"
        )
