"""`satark canary`: compares what synthetic worlds show, or searches this installation for given identifiers."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec

from satark.runtime.command_host import open_services, settings_of
from satark.settings.settings import Settings
from satark_testing.canary.listing import files_of_process
from satark_testing.canary.people import IN_PARTS, kind_of
from satark_testing.canary.worlds import Report, run_canary
from satark_testing.identifier_search import Searcher, everything_written, files_below


@click.command()
@click.option(
    "--markers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Search this installation for the identifiers in this file instead: one a line, such as 'phone 919812345678'.",
)
@click.option(
    "--log",
    "logs",
    type=click.Path(exists=True, path_type=Path),
    multiple=True,
    help="With --markers: a log file or folder to search too; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def canary(
    ctx: click.Context,
    *,
    markers: Path | None,
    logs: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Search for identifiers of tipsters in every encoding; exit with 1 if any is found.

    Without an option it starts eight synthetic installations with simulated providers in a temporary folder. Tipsters
    send tips there on every channel: in half of them another tipster, other words, of another office, or at another
    time. All that is written there is compared, and searched. It touches nothing of this installation.

    With --markers it searches this installation instead: send a tip from a phone of your own, write its number, its
    profile name and words of the tip into a file, and search for them. Delete the file afterwards.
    """
    report = _search_here(ctx, markers, logs) if markers else _synthetic()
    click.echo(json.dumps(msgspec.to_builtins(report)) if as_json else str(report))
    if report.finds:
        raise click.exceptions.Exit(1)


def _synthetic() -> Report:
    with TemporaryDirectory(prefix="satark-canary-") as folder:
        return asyncio.run(run_canary(Path(folder)))


def _search_here(ctx: click.Context, markers: Path, logs: tuple[Path, ...]) -> Report:
    try:
        wanted = read_markers(markers)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with open_services(ctx):
        return search_here(settings_of(ctx), wanted, logs)


SHORTEST: Final = 5
"""Minimum length of an identifier, in characters. A shorter identifier would be found by chance."""


def read_markers(file: Path) -> dict[str, str]:
    """Read identifiers, one per line: the kind and then the identifier, such as `phone 919812345678`.

    Raises:
        ValueError: a line has no kind, or an identifier is too short; the message names the line, not its content.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        kind, _, value = line.strip().partition(" ")
        if not kind:
            continue
        if len(value.strip()) < SHORTEST:
            raise ValueError(f"line {number}: write a kind and an identifier of {SHORTEST} characters or more")
        found[f"{kind} {number}"] = value.strip()
    if not found:
        raise ValueError("the file has no identifier: write one a line, such as 'phone 919812345678'")
    return found


def search_here(settings: Settings, markers: dict[str, str], logs: Sequence[Path]) -> Report:
    """Search the databases, the data folder, shared memory, these logs and the processes of this installation."""
    folder = settings.core.data_dir
    places = everything_written(folder, folder, settings.database_url, settings.keys_url) | files_below(*logs)
    for pid in _processes():
        places |= files_of_process(pid)
    searcher = Searcher(markers, {name for name in markers if kind_of(name) in IN_PARTS})
    finds = searcher.search(places)
    return Report(
        finds=tuple(sorted({f"{kind_of(find.kind)} as {find.encoding} in {find.place}" for find in finds})),
        places=len(places),
        identifiers=len(markers),
    )


def _processes() -> list[int]:
    """Return the Satark processes on this machine, except this one."""
    found = []
    for cmdline in Path("/proc").glob("[0-9]*/cmdline"):
        pid = int(cmdline.parent.name)
        try:
            if pid != os.getpid() and b"satark" in cmdline.read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found
