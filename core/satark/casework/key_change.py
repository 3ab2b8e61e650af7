"""Key change of a desk: in the roster, for its tips, for its audit log, and at an office for its host."""

from collections.abc import Sequence
from functools import partial

from satark.audit.keys import renew_key
from satark.remote.office_outbox import queue_key_change
from satark.roster.entries import Entry, KeyChange
from satark.routing import desks
from satark.routing.tip_keys import renew_tip_keys
from satark.services import Services
from satark.store.changed_keys import AT_ONCE
from satark.store.envelopes import stored_tips
from satark.store.unit_of_work import UnitOfWork


def change_key(unit: UnitOfWork, services: Services, entry: Entry, old: str, new: str) -> None:
    """Change a desk's key from identity `old` to `new`. Store both durably for its officers before you call this.

    `entry`: the signed entry of the roster; its body is a `KeyChange`.

    Raises:
        KeyChanged: `old` is not the desk's present key.
        NotAllowed: the roster does not allow it.
    """
    desks.change_key(unit, services.roster, entry, old, new, rules=services.destination_rules)
    if isinstance(entry.body, KeyChange):
        _renew(unit, services, entry.body.desk, old, new)


def finish_key_change(unit: UnitOfWork, services: Services, desk: str, old: str, new: str) -> None:
    """Complete a change of a desk's key that the roster has already and that a crash interrupted.

    `old` is `new` where only an officer's key changed: what the one before signs from now on counts for nothing.
    """
    state = services.roster.check(unit.keys, committed=False).state
    desks.finish_key_change(unit, state, desk, f"{new}\n{old}", services.destination_rules)
    if old != new:
        _renew(unit, services, desk, old, new)


def renew_tips(services: Services, desk: str, old: str, new: str) -> None:
    """Give every tip of a desk that changed a key a new key, some in each transaction.

    Whoever is interrupted calls it again. Until it has ended, officers need both keys of the desk.
    """
    tips = services.read(lambda main: services.read_keys(lambda keys: stored_tips(main, keys, desk)))
    if len(tips) <= AT_ONCE:
        return  # they were renewed with the change itself

    def renew(unit: UnitOfWork, some: Sequence[str]) -> None:
        state = services.roster.check(unit.keys, committed=False).state
        renew_tip_keys(unit, state, desk, f"{new}\n{old}", services.destination_rules, tips=some)

    for at in range(0, len(tips), AT_ONCE):
        services.write_now(partial(renew, some=tips[at : at + AT_ONCE]))


def _renew(unit: UnitOfWork, services: Services, desk: str, old: str, new: str) -> None:
    queue_key_change(unit, desk, old, new)
    renew_key(unit, services, desk, old, new)
