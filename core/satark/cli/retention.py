"""`satark retention`: lists the tips that are due to be erased or are held, and erases those that are due."""

import time
from datetime import UTC, datetime

import click

from satark.cli import counted
from satark.retention.schedule import ScheduledTip, is_due
from satark.runtime import compose
from satark.runtime.command_host import open_services, plugins_of, settings_of
from satark.runtime.retention_job import Retention

_DAY = 86_400


@click.command()
@click.option("--erase", is_flag=True, help="Erase now what the scheduled job would erase: it runs every hour.")
@click.pass_context
def retention(ctx: click.Context, *, erase: bool) -> None:
    """Show which tips are due to be erased and which are held; erase what is due.

    The terms stand in the section [retention] of the settings. With `retention.automatic = false` only those tips are
    erased whose erasure two officers ordered at a desk.
    """
    with open_services(ctx) as services:
        identity = compose.load_identity(settings_of(ctx))
        compose.check_canaries(identity, services)
        found = Retention(settings_of(ctx), services, identity, plugins_of(ctx))
        found.prepare(services.write_now)
        today = int(time.time()) // _DAY
        tips = found.scheduled(today)
        erased = found.due(today) if erase else []
        for tip in erased:
            found.eraser.remove_files(services.write_now(lambda unit: found.erase(unit, tip)))  # noqa: B023 - called at once
        gone = {tip.number for tip in erased}
        kept = [tip for tip in tips if tip.number not in gone]
        click.echo(_as_text(kept, erased, today, found))


def _as_text(kept: list[ScheduledTip], erased: list[ScheduledTip], today: int, found: Retention) -> str:
    lines = [f"{one.number}  erased" for one in erased]
    due = [one for one in kept if today >= one.term.due and not one.term.held]
    for one in due:
        waits = "" if is_due(one.term, today, found.settings) else ", waits for two officers"
        lines.append(f"{one.number}  due since {datetime.fromtimestamp(one.term.due * _DAY, UTC):%Y-%m-%d}{waits}")
    held = [f"{one.number}  held" for one in kept if one.term.held]
    counts = f"{counted(len(kept), 'tip')} kept, {len(due)} of them due, {len(held)} held"
    return "\n".join([*lines, *held, counts])
