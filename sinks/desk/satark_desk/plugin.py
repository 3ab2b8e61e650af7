"""The plugin `desk`: the queues of the police desks, and the pages and commands of their officers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete

from satark.api import (
    Branch,
    Destination,
    DestinationRule,
    Page,
    Prepared,
    SettingProblem,
    Settings,
    SettingsError,
    Sink,
    hookimpl,
)
from satark_desk.settings import DeskSettings
from satark_desk.tables import metadata, queue, read_state

if TYPE_CHECKING:
    import click

    from satark.casework import DeskContext, ProcessServices, Services, UnitOfWork


@hookimpl
def satark_destinations(settings: Settings) -> Sequence[DestinationRule]:
    """Hand over a destination for the browsers of each desk in `push`."""
    desks = _section(settings).push
    return [DestinationRule(to=Destination.of("push", desk), desk=desk, priority="urgent") for desk in desks]


@hookimpl
def satark_sinks(settings: Settings, context: ProcessServices) -> Sequence[Sink]:
    """Hand over the sink `desk`, and `push` if it is configured."""
    from satark_desk.sink import DeskSink  # noqa: PLC0415 - the web role needs no casework, nor most commands

    if not _section(settings).push:
        return [DeskSink(context)]
    if not settings.core.public_url.startswith("https:"):
        message = "browsers and their push services need an https public_url"
        raise SettingsError([SettingProblem.of("desk.push", message)])
    from satark_desk.push import PushSink  # noqa: PLC0415 - as above

    return [DeskSink(context), PushSink(context, settings.core.public_url)]


@hookimpl
def satark_desk_pages(settings: Settings, context: DeskContext) -> Sequence[Page]:
    """Hand over the officers' desk at `/desk`."""
    from satark_desk.web.app import build  # noqa: PLC0415 - as above

    site = build(context, _section(settings), settings.core.public_url)
    return [Page(path="/desk", app=site, in_use=site.state.in_use, leave=site.state.leave)]


@hookimpl
def satark_migrations() -> Sequence[Branch]:
    """Hand over the branch `desk`."""
    return [Branch("desk", Path(__file__).parent / "migrations", metadata)]


@hookimpl
def satark_erased(tip: str, uow: UnitOfWork) -> None:
    """Delete an erased tip from the desks' queues, and the records of what officers have seen of it."""
    for table in (queue, read_state):
        uow.main.execute(delete(table).where(table.c.tip == tip))


@hookimpl
def satark_commands(cli: click.Group) -> None:
    """Add `satark desk`, `satark officer`, `satark evidence export`, `satark audit show` and `satark roster`."""
    from satark_desk import office_commands as office  # noqa: PLC0415
    from satark_desk.audit_commands import audit_group  # noqa: PLC0415
    from satark_desk.desk_commands import (  # noqa: PLC0415
        desk_group,
        evidence_group,
        officer_group,
    )
    from satark_desk.public_statistics import publish_stats  # noqa: PLC0415
    from satark_desk.roster_commands import roster_group  # noqa: PLC0415

    for command in (*office.COMMANDS, publish_stats):
        desk_group.add_command(command)
    for group in (desk_group, officer_group, evidence_group, audit_group, roster_group):
        cli.add_command(group)


@hookimpl
def satark_demo(
    services: Services,
    data_dir: Path,
    sample_week: bool,  # noqa: FBT001 - pluggy passes by position
) -> Sequence[Prepared]:
    """Create the demo's two desks, explain how to sign in, and unlock the desks for the simulator."""
    from satark_desk.provision import prepare  # noqa: PLC0415

    return prepare(services, data_dir, sample_week=sample_week)


def _section(settings: Settings) -> DeskSettings:
    return settings.section("desk", DeskSettings) or DeskSettings()
