"""The command `satark audit show`: lists who signed in, read, searched, exported and decided."""

import json
from itertools import islice
from pathlib import Path

import click
import msgspec

from satark.casework import ACT_KINDS, ActFilter, ReadAct
from satark_desk.command_context import at_desk, unlocked_desk


@click.group("audit")
def audit_group() -> None:
    """The record of who did what."""


@audit_group.command("show")
@at_desk
@click.option("--of", "of_desk", default="", metavar="DESK", help="Only acts of this desk's officers.")
@click.option("--officer", default="", help="Only acts of this officer.")
@click.option("--tip", default="", metavar="NUMBER", help="Only acts that concern this tip.")
@click.option("--act", "kind", type=click.Choice(ACT_KINDS), default=None, help="Only acts of this kind.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, help="Acts that are shown.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def show(
    *,
    desk: str,
    passphrase_file: Path,
    of_desk: str,
    officer: str,
    tip: str,
    kind: str | None,
    most: int,
    as_json: bool,
) -> None:
    """Show what officers did, the newest first, with the passphrase of an officer of DESK.

    Auditors see their desk, heads the desks below, and everybody what they did themselves.
    """
    with unlocked_desk(desk, passphrase_file) as (services, unlocked):
        unlocked.casework(services).trail.record("log_read", tip=tip, detail=officer)
        wanted = ActFilter(desk=of_desk, officer=officer, tip=tip, kind=kind or "")
        found = list(islice(unlocked.viewer(services).read_all(services, wanted), most))
        for read in found:
            click.echo(_as_json(read) if as_json else _as_text(read))
    if any(read.flaw == "forged" for read in found):
        click.echo("entries are forged, or not in their place: `satark audit verify`", err=True)
        raise click.exceptions.Exit(1)


def _as_json(read: ReadAct) -> str:
    fields = {name: value for name, value in msgspec.to_builtins(read.act).items() if name != "salt"}
    return json.dumps({**fields, "flaw": read.flaw}, ensure_ascii=False)


def _as_text(read: ReadAct) -> str:
    act = read.act
    what = " ".join(part for part in (act.kind, act.tip, act.file, act.detail) if part)
    flaw = f"  [{read.flaw}]" if read.flaw else ""
    return f"{act.at}  {act.desk}  {act.officer or '-'}  {what}{flaw}"
