"""`satark roster`: shows and verifies who may read and who decided it, and ends the founding.

The desk's plugin adds `propose`.
"""

from collections.abc import Iterable

import click

from satark.cli import counted
from satark.cli.check_desks import known_keys
from satark.roster.anchor import Anchor
from satark.roster.chain import Proposal, add_renewals, append, drop_rejected
from satark.roster.entries import Entry, describe, describe_officer, spell_out
from satark.roster.roster import CheckedRoster, desk_problems, destination_problems
from satark.roster.rules import NotAllowed
from satark.roster.state import RosterState
from satark.routing.desks import close_roster, stored_desks
from satark.runtime.command_host import open_services
from satark.services import Services


@click.group()
def roster() -> None:
    """Who may read, and who said so: desks, keys, officers, destinations."""


@roster.command()
@click.pass_context
def show(ctx: click.Context) -> None:
    """Show desks, officers, every change with its signatures, and what still needs signatures."""
    with open_services(ctx) as services:
        checked = services.read_keys(services.roster.verify)
        proposals = services.read(Proposal.all)
    click.echo(_as_text(checked, proposals))


@roster.command()
@click.option("--head", help="A head that was noted, which the roster must have; a new machine then takes the roster.")
@click.pass_context
def verify(ctx: click.Context, head: str | None) -> None:
    """Verify every entry, this machine's copy, the desks and the destinations; exit with 1 if anything is wrong."""
    anchor = Anchor(head) if head else None
    with open_services(ctx) as services:
        services.roster.take_anchor(anchor.encode() if anchor else b"")
        checked = services.read_keys(services.roster.verify)
        problems = [*checked.problems, *_differences(services, checked.state)]
    if anchor and not anchor.is_in(checked.state, ()):
        problems.append(f"the roster lacks {head}")
    for problem in problems:
        click.echo(f"✗ {problem}")
    state = checked.state
    summary = f"{counted(len(checked.chain.entries), 'entry', 'entries')}; head {state.position}:{state.head}"
    click.echo(f"{counted(len(problems), 'problem')} in {summary}" if problems else f"the roster is intact: {summary}")
    for warning in known_keys(state):
        click.echo(warning)
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
        state = services.roster_state()
    click.echo(f"the roster is sealed; note its head where nobody who runs the service can change it: {_head(state)}")
    for warning in known_keys(state):
        click.echo(warning)


@roster.command()
@click.pass_context
def restore(ctx: click.Context) -> None:
    """Restore the entries that the databases lack from this machine's copy, as after an older backup.

    The newest rows that can't be read or are not allowed are deleted.
    """
    with open_services(ctx) as services:
        dropped = services.write_now(drop_rejected)
        missing = services.read_keys(services.roster.missing_entries)
        services.write_now(lambda unit: [append(unit, Entry.decode(one), known=True) for one in missing])
        renewals = services.read_keys(services.roster.missing_renewals)
        services.write_now(lambda unit: add_renewals(unit, renewals))
        differences = _differences(services, services.roster_state())
    restored = f"{counted(len(missing), 'entry', 'entries')} and {counted(len(renewals), 'renewal')} of tips' keys"
    click.echo(f"{restored} restored from this machine's copy, {counted(dropped, 'row')} deleted")
    for problem in differences:
        click.echo(f"✗ {problem}")


def _head(state: RosterState) -> str:
    return f"{state.position}:{state.head}"


def _differences(services: Services, state: RosterState) -> list[str]:
    stored = services.read(stored_desks)
    return [*desk_problems(state, stored), *destination_problems(state, services.destination_rules)]


def _as_text(checked: CheckedRoster, proposals: Iterable[Proposal]) -> str:
    state = checked.state
    lines = ["sealed: changes need signatures" if state.closed else "open: the founding; the first tip seals it", ""]
    for desk, officers in ((one.desk, one.officers.values()) for one in state.desks.values()):
        lines.append(f"{desk.name}  {desk.title}  {desk.level}  {desk.area or '(everywhere)'}")
        lines += [f"    {describe_officer(one.name, one.role, one.rights)}" for one in officers]
    for rule in (one for one in state.destinations.values() if one.recipient):
        lines.append(f"destination {rule.to} reads tips of desk {rule.desk or '(all)'}")
    lines.append("")
    lines += [f"{number:4}  {_entry(one)}" for number, one in enumerate(checked.chain.entries, 1)]
    lines += [_proposal(state, one) for one in proposals]
    lines += [*known_keys(state), *(f"✗ {problem}" for problem in checked.problems)]
    return "\n".join([*lines, "", f"head {_head(state)}"])


def _entry(entry: Entry | None) -> str:
    if entry is None:
        return "can't be read"
    return f"{describe(entry.body)}; signed by {_signers(entry) or 'nobody: the founding'}"


def _signers(entry: Entry) -> str:
    return ", ".join(f"{officer or 'desk key'} ({desk})" for desk, officer in entry.signers)


def _proposal(state: RosterState, proposal: Proposal) -> str:
    try:
        needs = proposal.missing(state) or "to be carried out"
    except NotAllowed as error:
        needs = f"to be withdrawn ({error})"
    by = f" by {' of '.join(reversed(proposal.entry.by))}" if proposal.entry.by[1] else ""
    says = f"proposed{by} {proposal.id}: {spell_out(proposal.entry.body)}"
    return f"{says}\n      signed by {_signers(proposal.entry) or 'nobody yet'}; needs {needs}"
