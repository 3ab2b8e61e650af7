"""`satark flow`: checks, shows and previews a questionnaire."""

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from satark.api.inbound import Text
from satark.api.prompt import Capabilities
from satark.api.settings import SettingsError
from satark.api.tip import HANDOFF_DIGITS, RECEIPT_DIGITS
from satark.cli import counted
from satark.cli.importing.draft import ImportingError
from satark.cli.importing.rapidpro import read_rapidpro
from satark.cli.importing.xlsform import read_xlsform
from satark.dialogue.engine import Engine
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.declarations import undeclared
from satark.dialogue.flow.definition import Flow, FlowError, FlowProblem, FlowSource
from satark.dialogue.flow.loader import configured_flow, load_flow
from satark.dialogue.rendering.fit import fit
from satark.dialogue.session import Session, Turn
from satark.dialogue.shown_receipt import Receipt
from satark.runtime import compose
from satark.runtime.command_host import plugins_of, settings_of
from satark_words.geography.geography import Geography

_SCAFFOLD: Final = Path(__file__).parent / "scaffold" / "flow"
_SUFFIX: Final = ".template"
_is_name = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").fullmatch

MEDIA: Final[Sequence[tuple[str, Capabilities]]] = (
    ("whatsapp", Capabilities(
        kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
        menu_label=20, token=200,
    )),
    ("telegram", Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16")),
    ("sms", Capabilities(kind="sms", text=670, body=670, unit="utf16")),
    ("voice", Capabilities(kind="voice", text=4000, body=4000, inline=True, reachable=False)),
    ("web_form", Capabilities(
        kind="web", text=200_000, body=200_000, buttons=200, button_label=1000, token=200, pin=True, inline=True,
    )),
)  # fmt: skip
"""The media against which a flow is checked if no channel of that name is configured.

Sources of the limits: WhatsApp Cloud API, interactive messages; Telegram Bot API, InlineKeyboardButton; ten UCS-2
segments of 67 characters; Twilio, `<Say>`.
"""

_TERMINAL: Final = Capabilities(kind="sms", text=100_000, body=100_000)
_RECEIPT: Final = Receipt(number="TEST-0000", code="0" * RECEIPT_DIGITS)

_file = click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("flow")
def flow() -> None:
    """Check, show or preview a questionnaire.

    Without FILE, it is the questionnaire of the settings: that of `flow`, or the one that comes with Satark.
    """


@flow.command()
@_file
def check(file: Path | None) -> None:
    """Report every problem of FILE, by step, language and channel.

    The plugins of the settings bring their step types, checks and channels. A meaning that no step declares is noted,
    with what holds instead; it is no problem.
    """
    problems: Sequence[FlowProblem]
    notes: Sequence[str] = ()
    try:
        source = _source(file)
        loaded = _load(source)
        notes = undeclared(loaded.steps)
        problems = check_flow(loaded, source.catalogues, _media())
    except FlowError as error:
        problems = error.problems
    for line in (*(f"note: {note}" for note in notes), *map(str, problems)):
        click.echo(line, err=True)
    click.echo(counted(len(problems), "problem") if problems else "The flow has no problems.")
    if any(problem.language for problem in problems):
        click.echo("Your own texts belong into texts/<language>.po beside the file.")
    if problems:
        raise click.exceptions.Exit(1)


@flow.command()
@_file
def show(file: Path | None) -> None:
    """Show the steps of FILE, and its hash.

    Sessions are pinned to the hash.
    """
    loaded, source = _loaded(file)
    outline = json.loads(loaded.canonical)
    click.echo(f"{loaded.name} ({', '.join(loaded.languages)})\nhash {loaded.hash}")
    texts = source.catalogues[loaded.languages[-1]]
    for step in outline["steps"]:
        question = (texts.get(f"{step['id']}.ask") or texts.get(step["id"], step["id"])).split("\n")[0]
        marks = "".join(f" [{mark}]" for mark in ("skip", "detail") if step.get(mark))
        when = f"\n{'':16}  when {step['when']}" if step.get("when") else ""
        click.echo(f"{step['id']:16} {step['type']:8}{marks} {question}{when}")


@flow.command()
@_file
def preview(file: Path | None) -> None:
    """Answer FILE as a tipster does, in the terminal.

    An empty line ends it. Nothing is stored or sent.
    """
    loaded, source = _loaded(file)
    engine = Engine(loaded, source.catalogues, Geography.sample())
    session: Session | None = None
    typed = "Hi"
    while typed:
        session = session or engine.begin(channel="preview", tip="0" * 32, recipient="", identity="")
        session = _show(engine, engine.advance(session, Text(typed), str(session.revision), int(time.time())))
        typed = click.prompt("", default="", show_default=False, prompt_suffix="> ")


def _show(engine: Engine, turn: Turn) -> Session | None:
    """Print a turn. Carry out its requests, such as a receipt, in place of ingest."""
    now, turn = int(time.time()), turn.otherwise or turn
    if turn.submission is not None and turn.session is not None:
        turn = engine.show_receipt(turn.session, _RECEIPT, now)
    elif turn.open_mailbox and turn.session is not None:
        turn = engine.show_mailbox(turn.session, None, now)
    elif turn.issue_handoff_code and turn.session is not None:
        turn = engine.show_handoff_code(turn.session, _RECEIPT.code[:HANDOFF_DIGITS], 15, now)
    elif turn.redeem_handoff_code and turn.session is not None:
        turn = engine.resume(turn.session, None, now)
    if turn.prompt is not None:
        click.echo(f"\n{fit(turn.prompt, _TERMINAL).text}\n")
    return turn.session


def _load(source: FlowSource) -> Flow:
    """Load a flow with the step types and checks of the plugins."""
    plugins = plugins_of(click.get_current_context())
    return load_flow(source, plugins.step_types(), plugins.validators())


def _media() -> Sequence[tuple[str, Capabilities]]:
    """Return the capabilities of the configured channels, and of those in `MEDIA` that are not configured."""
    ctx = click.get_current_context()
    try:
        channels = compose.load_channels(settings_of(ctx), plugins_of(ctx))
        configured = {channel.name: channel.capabilities for channel in channels}
    except SettingsError:  # `satark check` says what is wrong
        configured = {}
    return [*({**dict(MEDIA), **configured}).items()]


def _source(file: Path | None) -> FlowSource:
    core = settings_of(click.get_current_context()).core
    return configured_flow(file or core.flow, core.languages)


def _loaded(file: Path | None) -> tuple[Flow, FlowSource]:
    try:
        source = _source(file)
        return _load(source), source
    except FlowError as error:
        raise click.ClickException(str(error)) from error


@flow.command("new")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to create.  [default: NAME]")
def new(name: str, folder: Path | None) -> None:
    """Create a folder with the questionnaire NAME and its texts, to be changed."""
    if not _is_name(name):
        raise click.ClickException(
            f"{name!r} can't be the name of a questionnaire: use lowercase letters, digits and _"
        )
    folder = folder or Path(name)
    if folder.exists():
        raise click.ClickException(f"{folder} exists already: choose another folder with --folder")
    for template in sorted(_SCAFFOLD.rglob(f"*{_SUFFIX}")):
        path = folder / template.relative_to(_SCAFFOLD).with_suffix("")
        path = path.with_stem(name) if path.stem == "flow" else path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")
        click.echo(path)
    click.echo(f"""
Next:
  satark flow check {folder / name}.yaml
  satark flow preview {folder / name}.yaml
Then set `flow = "{(folder / name).resolve()}.yaml"` in satark.toml.""")


@flow.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--folder", type=click.Path(path_type=Path), help="Folder to create.  [default: the flow's name]")
@click.option("--language", default="en", show_default=True, help="Language of texts that name none.")
@click.option("--flow", "name", default="", help="Name of the flow, where RapidPro exported several.")
@click.option("--accuses-nobody", is_flag=True, help="Declare that no tip of this questionnaire is about the police.")
def import_(file: Path, folder: Path | None, language: str, name: str, *, accuses_nobody: bool) -> None:
    """Make a questionnaire of FILE, an XLSForm (.xlsx) or an export of RapidPro, TextIt or Weni (.json).

    Each thing that is left out is named. Without `--accuses-nobody`, add to the file whom its answers accuse.
    """
    try:
        is_flow = file.suffix.lower() == ".json"
        draft = read_rapidpro(file, language, name) if is_flow else read_xlsform(file, language)
        path = draft.write(folder or Path(draft.name), accuses_nobody=accuses_nobody)
    except ImportingError as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(draft.left_out), err=True)
    click.echo(f"{counted(len(draft.steps), 'step')}, {counted(len(draft.left_out), 'thing')} left out. Next:\n"
               f"  satark flow check {path}")  # fmt: skip
