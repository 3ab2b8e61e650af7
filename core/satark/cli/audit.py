"""`satark audit`: the custody log, verified without any key."""

from __future__ import annotations

import json

import click
import msgspec

from satark.commands import open_services
from satark.custody.audit import AuditReport, Head
from satark.custody.audit import verify as verify_log


@click.group()
def audit() -> None:
    """Verify what was written down of who did what."""


@audit.command()
@click.option("--head", "noted", default="", metavar="ROWS:HASH", help="A head that was noted earlier, to be held.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def verify(ctx: click.Context, noted: str, *, as_json: bool) -> None:
    """Verify the custody log of the store. Exit code 1: something is wrong, and it is named.

    Note down the head that it prints, where nobody who runs the database can change it: given again with --head, it
    shows even a log that was rewritten as a whole.
    """
    known = _head(noted)
    with open_services(ctx) as services:
        report = verify_log(services, known)
    click.echo(json.dumps(_plain(report)) if as_json else _told(report))
    if report.problems:
        raise click.exceptions.Exit(1)


def _head(noted: str) -> Head | None:
    try:
        return Head.read(noted) if noted else None
    except ValueError:
        raise click.UsageError(f"{noted!r} is not a head such as 17:9f86d0…") from None


def _plain(report: AuditReport) -> dict[str, object]:
    problems = [{**msgspec.to_builtins(problem), "says": str(problem)} for problem in report.problems]
    return {
        "good": not problems,
        "rows": report.rows,
        "tips": report.tips,
        "head": str(report.head),
        "problems": problems,
    }


def _told(report: AuditReport) -> str:
    summary = f"{report.rows} rows of {report.tips} tips; head {report.head}"
    if not report.problems:
        return f"the custody log is whole: {summary}"
    return "\n".join([*map(str, report.problems), f"{len(report.problems)} wrong in {summary}"])
