"""`satark speech`: says how to get a model for speech recognition, and measures a recogniser's errors.

`satark voice` makes the clips with which prompts in chats are read out; the plugin `sms_ivr` makes those of calls.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

import click
from rapidfuzz.distance import Levenshtein

from satark.api.prompt import clip_name
from satark.api.providers import NoDraft, Transcriber
from satark.dialogue.flow.definition import FlowError
from satark.dialogue.flow.loader import configured_flow
from satark.dialogue.rendering.chat_voice_notes import every_phrase
from satark.runtime import compose
from satark.runtime.command_host import settings_of
from satark.settings.settings import Settings
from satark.speech.ogg_opus import EncoderError
from satark.speech.voice_notes import PROGRAM, SyntheticVoiceError, fill_folder
from satark.store.workspace import temporary_folder, workspace_dir
from satark_words.tokens import fold

ARCHIVE: Final = "sherpa-onnx-whisper-small.tar.bz2"
SHA256: Final = "486a46afbb7ba798507190ffe02fea2dd726049af212e774537efac6afb210a6"
_GUIDE: Final = f"""\
Model:    Whisper small of OpenAI, for 99 languages, Hindi and English among them
File:     {ARCHIVE}, of the release asr-models of the project k2-fsa/sherpa-onnx
Size:     639,387,718 bytes; unpacked, the quantised files that Satark loads take 375 MB
Licence:  MIT
SHA-256:  {SHA256}

1. Fetch the file on any machine, and check it:      sha256sum {ARCHIVE}
2. Unpack it where the worker and the desk run:      tar -xjf {ARCHIVE} -C /srv/models
3. Install sherpa-onnx (docs/evidence.md), and set:  [transcription]
                                                     models = {{ hi = "/srv/models/sherpa-onnx-whisper-small" }}
4. Load it once:                                     satark check
5. Measure it on recordings of your area:            satark speech measure FOLDER
Another model of that release may hear your language better: step 5 tells."""


@click.group()
def speech() -> None:
    """Get and measure a model for speech recognition."""


@speech.command()
def model() -> None:
    """Say which model to get, its licence and hash, and how to set it up."""
    click.echo(_GUIDE)


@speech.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--language", default="hi", show_default=True, help="The language that is spoken.")
@click.pass_context
def measure(ctx: click.Context, folder: Path, language: str) -> None:
    """Transcribe the recordings in FOLDER, and print the word error rate of each and of all.

    What is said in NAME.ogg (or .wav, .mp3, .m4a) is written in NAME.txt.
    """
    settings = settings_of(ctx)
    pairs = [(one, one.with_suffix(".txt")) for one in sorted(folder.iterdir()) if one.suffix != ".txt"]
    pairs = [pair for pair in pairs if pair[1].is_file()]
    if not pairs:
        raise click.ClickException(f"{folder} holds no recording with a text of the same name")
    transcriber = _transcriber(settings, language)
    wrong = said = 0
    for recording, text in pairs:
        words = fold(text.read_text("utf-8")).split()
        errors = Levenshtein.distance(words, fold(_heard(transcriber, recording, language, settings)).split())
        wrong, said = wrong + errors, said + len(words)
        click.echo(f"{_rate(errors, len(words))}  {recording.name}")
    click.echo(f"{_rate(wrong, said)}  in all, by {transcriber.name}")


def _transcriber(settings: Settings, language: str) -> Transcriber:
    every = compose.load_transcribers(settings, compose.load_plugins(settings))
    found = next((one for one in every if language in one.languages), None)
    if found is None:
        raise click.ClickException(f"no speech recogniser for {language} is set up: satark speech model")
    return found


def _heard(transcriber: Transcriber, recording: Path, language: str, settings: Settings) -> str:
    with temporary_folder(workspace_dir(settings.core.data_dir)) as alone:
        try:
            return transcriber.transcribe(Path(shutil.copy(recording, alone / "recording")), language)
        except NoDraft as error:
            raise click.ClickException(f"{recording.name}: no transcript ({error.reason})") from None


def _rate(errors: int, words: int) -> str:
    return f"{errors / max(words, 1):7.1%} ({errors} of {words})"


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
@click.option(
    "--lines",
    "more",
    type=click.File(encoding="utf-8"),
    help="What `satark voice lines` printed: the lines of calls, for calls inside WhatsApp.",
)
@click.pass_context
def render(ctx: click.Context, folder: Path, recorded: Path | None, more: TextIO | None) -> None:
    """Fill FOLDER with the clips of WhatsApp's and Telegram's voice notes, for the setting voice_clips.

    A text without a recording is read by espeak-ng, on this machine. Existing clips stay as they are.
    """
    lines = {clip_name(*line): line for line in (*_lines(ctx), *_listed(more or ()))}
    try:
        filled = fill_folder(lines, folder, recorded)
    except (EncoderError, SyntheticVoiceError) as error:
        raise click.ClickException(f"the clips could not be made: {error}") from error
    click.echo(f"{folder}: {filled.recorded} recorded, {filled.rendered} rendered, {len(lines)} in all")
    if filled.missing:
        count = len(filled.missing)
        raise click.ClickException(
            f"{count} clips are missing: install {PROGRAM} (apt-get install {PROGRAM}) and run this again, or record "
            f"them and give --recorded; until then those lines are not read out, such as {filled.missing[0]}"
        )


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


def _listed(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield language and text of each line of a list: a clip's name, a tab, the text."""
    for line in lines:
        name, _, text = line.rstrip("\n").partition("\t")
        yield name.rpartition("-")[0], text
