"""Record sign-ins and failed sign-ins in the audit log, and compare the log with the head that a browser noted."""

import click

from satark.api import NoSuchDesk
from satark.casework import LogHead, Services, Trail
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.roster_memory import recall


def record_failure(services: Services, desk: str, officer: str, failures: int = 1) -> None:
    """Record a failed sign-in: the first in a row, and then each time that the number of failures has doubled.

    So strangers can't fill the log. Nothing is recorded for a desk that does not exist.
    """
    if failures & (failures - 1):
        return
    try:
        Trail(services, desk, officer).record("sign_in_failed", detail=str(failures))
    except NoSuchDesk:
        return


def record_sign_in(services: Services, unlocked: UnlockedDesk) -> None:
    """Record that an officer signed in for the running command."""
    command = click.get_current_context(silent=True)
    unlocked.casework(services).trail.signed_in(command.command_path if command else "")
    if recall(services, unlocked).is_lost:
        click.echo("the roster is not the one that you signed last: look at /desk/roster", err=True)


def lacks_seen_head(services: Services, noted: str) -> bool:
    """Return whether the log lacks the head that a browser noted. If the note can't be read, return False."""
    try:
        head = LogHead.read(noted)
    except ValueError:
        return False
    return not services.read(head.is_in)
