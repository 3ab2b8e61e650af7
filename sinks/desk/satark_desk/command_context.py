"""Parts that the desk's commands share: arguments, the opened store, the unlocked desk, short errors, and output."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import click
import msgspec

from satark.api import CantOpen, CaseworkError, CommandHost, Desk, Evidence, command_host
from satark.casework import OpenTip, PostedMessage, Services, TipSummary
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import changes_known_key, unlock_any
from satark_desk.passphrases import WeakPassphrase
from satark_desk.provision import ExposedPassphrase, read_passphrase
from satark_desk.settings import DeskSettings

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
passphrase_option = click.option(
    "--passphrase-file", type=FILE, required=True, help="File whose first line is an officer's passphrase."
)


def at_desk(command: F) -> F:
    """Add the argument DESK and the option for the passphrase."""
    for decorator in (passphrase_option, click.argument("desk")):
        command = decorator(command)
    return command


def on_tip(command: F) -> F:
    """Add the arguments DESK and NUMBER, and the option for the passphrase. A NUMBER "-" stands on standard input."""
    number: Callable[[F], F] = click.argument(
        "number", callback=lambda _context, _parameter, given: from_input(given, whole=False)
    )
    for decorator in (passphrase_option, number, click.argument("desk")):
        command = decorator(command)
    return command


def from_input(given: str, *, whole: bool) -> str:
    """Return a value of a command; for "-" the whole of standard input, or its next line.

    Everybody on the machine can read a command's values, and `sudo` logs them.
    """
    return given if given != "-" else (sys.stdin.read() if whole else sys.stdin.readline()).strip()


def print_json(record: dict[str, Any]) -> None:
    """Print a record as JSON on one line."""
    click.echo(json.dumps(record, ensure_ascii=False))


def current_host() -> CommandHost:
    """Return the host's services for the running command."""
    return command_host(click.get_current_context())


def desk_settings() -> DeskSettings:
    """Return the settings of the desk, for the running command."""
    return current_host().settings.section("desk", DeskSettings) or DeskSettings()


@contextmanager
def open_services() -> Iterator[Services]:
    """Open the store that the settings name, and report errors as `report_errors` does."""
    with report_errors(), current_host().open_services() as services:
        yield cast("Services", services)


@contextmanager
def unlocked_desk(desk: str, passphrase_file: Path) -> Iterator[tuple[Services, UnlockedDesk]]:
    """Unlock a desk for a command; errors inside the block become one-sentence messages."""
    with open_services() as services:
        unlocked = unlock_any(services, desk, read_passphrase(passphrase_file))
        if unlocked.temporary:
            click.echo("somebody else knows this passphrase: sign in on the web once, and choose your own", err=True)
        if changes_known_key(services.roster_state(), unlocked):
            click.echo("somebody else may know the desk's key, and it could not change: satark roster verify", err=True)
        yield services, unlocked


@contextmanager
def report_errors() -> Iterator[None]:
    """Turn errors about tips, desks, passphrases and files into a message on standard error and exit code 1."""
    try:
        yield
    except (CaseworkError, ExposedPassphrase, WeakPassphrase) as error:
        raise click.ClickException(str(error)) from None
    except CantOpen:
        raise click.ClickException(
            "the data can't be decrypted: it was altered. Tell whoever runs the service"
        ) from None
    except UnicodeDecodeError:
        raise click.ClickException("the passphrase file is not UTF-8 text") from None
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or 'a file'}: {error.strerror or 'input or output failed'}"
        ) from None


def desk_table(every: Sequence[Desk], officers: Mapping[str, Sequence[str]]) -> str:
    """Format the desks with their officers."""
    rows = [(d.name, d.title, d.level, d.area or "(everywhere)", ", ".join(officers[d.name])) for d in every]
    return table(("DESK", "TITLE", "LEVEL", "AREA", "OFFICERS"), rows)


def tip_table(summaries: Sequence[TipSummary]) -> str:
    """Format a desk's queue."""
    rows = [
        (one.header.number, one.header.received.partition("T")[0], one.status, one.header.priority, one.header.category)
        for one in summaries
    ]
    return table(("NUMBER", "RECEIVED", "STATUS", "PRIORITY", "CATEGORY"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Format rows in columns as wide as their widest cell. Control characters are replaced."""
    lines = [tuple(head), *(tuple(_safe(cell) for cell in row) for row in rows)]
    widths = [max(_width(cell) for cell in column) for column in zip(*lines, strict=True)]
    padded = ((cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _safe(cell: str) -> str:
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in cell)


def _width(cell: str) -> int:
    """Return the width in terminal columns: combining marks take none (Devanagari's `Mc` marks take one)."""
    return sum(unicodedata.category(char) not in {"Mn", "Me", "Cf"} for char in cell)


def tip_to_json(opened: OpenTip) -> dict[str, Any]:
    """Return a tip with its evidence and messages as plain values, the most important first."""
    return {
        "number": opened.tip.number,
        "category": opened.tip.category,
        "language": opened.tip.language,
        "channel": opened.tip.channel,
        "flow": opened.tip.flow,
        "status": opened.status,
        "outcome": opened.work.outcome,
        "received": opened.tip.received,
        "priority": opened.header.priority,
        "flags": list(opened.header.flags),
        "district": opened.tip.district,
        "station": opened.tip.station,
        "accused": msgspec.to_builtins(opened.tip.accused),
        "answers": opened.tip.answers,
        "evidence": [_evidence(opened, record) for record in opened.records],
        "pending": list(opened.pending),
        "lost": [*opened.lost, *opened.gone],
        "altered": opened.altered,
        "messages": [_message(posted) for posted in opened.thread],
        "unsigned": [_message(posted) for posted in opened.unsigned],
    }


def _evidence(opened: OpenTip, record: Evidence) -> dict[str, Any]:
    clean = {"mime": record.clean_mime, "bytes": record.clean_bytes, "sha256": record.clean_sha256}
    own = ("ordinal", "role", "kind", "mime", "bytes", "sha256", "caption", "problem")
    return {
        **{name: getattr(record, name) for name in own},
        "clean": clean if record.clean_sha256 else None,
        "origin": msgspec.to_builtins(record.origin),
        "own_voice": record not in opened.evidence,
        "transcript": opened.transcript(record.ordinal),
    }


def _message(posted: PostedMessage) -> dict[str, Any]:
    own = {"officer": posted.officer, "at": posted.at}
    return {"seq": posted.seq, **msgspec.to_builtins(posted.message), **own}
