"""`satark roster`: shows and verifies who may read and who decided it, and ends the founding.

The desk's plugin adds `propose`.
"""

import json
from typing import Any

import click
import msgspec

from satark.cli import counted
from satark.roster.chain import Proposal, append
from satark.roster.entries import Entry, describe, describe_officer
from satark.roster.roster import CheckedRoster, desk_problems, destination_problems
from satark.roster.rules import NotAllowed
from satark.roster.state import RosterState
from satark.routing.desks import close_roster
from satark.runtime.commands import open_services
from satark.services import Services


@click.group()
def roster() -> None:
    """Who may read, and who said so: desks, keys, officers, destinations."""


@roster.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_context
def show(ctx: click.Context, *, as_json: bool) -> None:
    """Show desks, officers, every change with its signatures, and what still needs signatures."""
    with open_services(ctx) as services:
        checked = services.read_keys(services.roster.verify)
        proposals = services.read(Proposal.all)
        shown = _as_dict(checked) | {"proposals": [_proposal(checked.state, one) for one in proposals]}
    click.echo(json.dumps(shown, ensure_ascii=False) if as_json else _as_text(shown))


@roster.command()
@click.pass_context
def verify(ctx: click.Context) -> None:
    """Verify every entry, this machine's copy, the desks and the destinations; exit with 1 if anything is wrong."""
    with open_services(ctx) as services:
        checked = services.read_keys(services.roster.verify)
        problems = [*checked.problems, *_differences(services, checked.state)]
    for problem in problems:
        click.echo(f"✗ {problem}")
    state = checked.state
    summary = f"{counted(len(checked.chain.entries), 'entry', 'entries')}; head {state.position}:{state.head}"
    click.echo(f"{counted(len(problems), 'problem')} in {summary}" if problems else f"the roster is intact: {summary}")
    if problems:
        raise click.exceptions.Exit(1)


@roster.command()
@click.pass_context
def seal(ctx: click.Context) -> None:
    """End the founding: from here on desks, keys and officers need signatures. The first tip does the same."""
    with open_services(ctx) as services:
        if not services.desks():
            raise click.ClickException("there is no desk yet: run `satark desk add`")
        services.write_now(lambda unit: close_roster(unit, services.destination_rules))
        state = services.read_keys(services.roster.check).state
    click.echo(f"the roster is sealed; note its head where nobody who runs the service can change it: {_head(state)}")


@roster.command()
@click.pass_context
def restore(ctx: click.Context) -> None:
    """Restore the entries that the databases lack from this machine's copy, as after an older backup."""
    with open_services(ctx) as services:
        missing = services.read_keys(services.roster.missing_entries)
        services.write_now(lambda unit: [append(unit, Entry.decode(one), known=True) for one in missing])
        differences = _differences(services, services.read_keys(services.roster.check).state)
    click.echo(f"{counted(len(missing), 'entry', 'entries')} restored from this machine's copy")
    for problem in differences:
        click.echo(f"✗ {problem}")


def _head(state: RosterState) -> str:
    return f"{state.position}:{state.head}"


def _differences(services: Services, state: RosterState) -> list[str]:
    stored = services.desks()
    return [*desk_problems(state, stored), *destination_problems(state, services.destination_rules)]


def _as_dict(checked: CheckedRoster) -> dict[str, Any]:
    state = checked.state
    desks = [
        {
            **msgspec.to_builtins(listed.desk),
            "officers": [
                {"name": one.name, "role": one.role, "rights": list(one.rights)} for one in listed.officers.values()
            ],
        }
        for listed in state.desks.values()
    ]
    entries = [_entry(one) for one in checked.chain.entries]
    destinations = [msgspec.to_builtins(one) for one in state.destinations.values() if one.recipient]
    return {
        "sealed": state.closed,
        "head": _head(state),
        "desks": desks,
        "destinations": destinations,
        "entries": entries,
        "problems": list(checked.problems),
    }


def _proposal(state: RosterState, proposal: Proposal) -> dict[str, object]:
    try:
        missing = proposal.missing(state)
    except NotAllowed as error:
        missing = f"to be withdrawn ({error})"
    by = " of ".join(reversed(proposal.entry.by)) if proposal.entry.by[1] else ""
    return {"id": proposal.id, "says": describe(proposal.entry.body), "by": by, "missing": missing}


def _entry(entry: Entry | None) -> dict[str, object]:
    if entry is None:
        return {"says": "can't be read", "signed": []}
    signed = [f"{one.officer or 'desk key'} ({one.desk})" for one in entry.signatures]
    return {"says": describe(entry.body), "signed": signed}


def _as_text(shown: dict[str, Any]) -> str:
    lines = ["sealed: changes need signatures" if shown["sealed"] else "open: the founding; the first tip seals it", ""]
    for desk in shown["desks"]:
        lines.append(f"{desk['name']}  {desk['title']}  {desk['level']}  {desk['area'] or '(everywhere)'}")
        lines += [f"    {describe_officer(one['name'], one['role'], tuple(one['rights']))}" for one in desk["officers"]]
    for one in shown["destinations"]:
        lines.append(f"destination {one['to']} reads tips of desk {one['desk'] or '(all)'}")
    lines.append("")
    for number, entry in enumerate(shown["entries"], 1):
        by = ", ".join(entry["signed"]) or "nobody: the founding"
        lines.append(f"{number:4}  {entry['says']}; signed by {by}")
    for one in shown["proposals"]:
        needs, by = one["missing"] or "to be carried out", f" by {one['by']}" if one["by"] else ""
        lines.append(f"proposed{by} {one['id']}: {one['says']}; needs {needs}")
    lines += [f"✗ {problem}" for problem in shown["problems"]]
    return "\n".join([*lines, "", f"head {shown['head']}"])
