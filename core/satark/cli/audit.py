"""`satark audit`: verifies the custody log and the audit log in it, without any key. The desk's plugin adds `show`."""

import click

from satark.audit.trail import lost_witnesses
from satark.cli import counted
from satark.custody.comparison import find_missing, noted_head
from satark.custody.verify_log import AuditReport, LogHead, verify_log
from satark.runtime.command_host import open_services


@click.group()
def audit() -> None:
    """Verify the log of officers' acts."""


@audit.command()
@click.option(
    "--head", "known_head", default="", metavar="HASH", help="A head noted earlier, to check the log against."
)
@click.pass_context
def verify(ctx: click.Context, known_head: str) -> None:
    """Verify the custody log of the store; exit with 1 if anything is wrong, and name it.

    Write the printed head down in a place that nobody who runs the database can change. If you give it with --head
    later, it reveals even a log that was rewritten as a whole.
    """
    head = _read_head(known_head)
    with open_services(ctx) as services:
        report = verify_log(services, head or noted_head(services))
        lost = [*map(_LOST.format, lost_witnesses(services)), *map(str, find_missing(services))]
    click.echo(_as_text(report, lost))
    if report.problems or lost:
        raise click.exceptions.Exit(1)


def _read_head(text: str) -> LogHead | None:
    try:
        return LogHead.read(text) if text else None
    except ValueError:
        raise click.UsageError(f"{text!r} is not a head such as 9f86d0…") from None


def _as_text(report: AuditReport, lost: list[str]) -> str:
    counts = f"{counted(report.rows, 'row')}, {counted(report.tips, 'tip')}, {counted(report.acts, 'act')} of officers"
    counts += "".join(f", {counted(count, 'tip')} erased ({rule})" for rule, count in sorted(report.erased.items()))
    summary = f"{counts}; head {report.head}"
    problems = [*map(str, report.problems), *lost]
    if not problems:
        return f"the custody log is intact: {summary}"
    return "\n".join([*problems, f"{counted(len(problems), 'problem')} in {summary}"])


_LOST = "the log lacks what desk {} saw at its last sign-in: it was cut off, or rewritten"
