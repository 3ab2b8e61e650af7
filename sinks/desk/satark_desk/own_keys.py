"""An officer's own key, made anew with each passphrase: the former passphrase then opens and signs nothing.

The previous key signs the new one in the roster. The desk's key, which the previous key opened, is changed when a head
of the desk next signs in.
"""

import msgspec
from sqlalchemy import select, update

from satark.api import CantOpen, new_identity, open_as, recipient_of, seal
from satark.casework import Services, UnitOfWork, officer_holder, seal_audit_keys_again, take_own_key
from satark_desk.desk_keys import UnlockedDesk, key_context, open_desk_key
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.passphrases import check_passphrase, wrap
from satark_desk.second_factors import Factor
from satark_desk.tables import officer, second_factor


class SamePassphrase(Exception):  # noqa: N818 - it reads as what it says
    """The new passphrase is the old one."""


def change_passphrase(services: Services, unlocked: UnlockedDesk, old: str, new: str) -> UnlockedDesk:
    """Give the officer a new key of their own under a new passphrase; a head changes the desk's key at once.

    Returns:
        The desk, unlocked with the new passphrase.

    Raises:
        WrongPassphrase: `old` is wrong.
        SamePassphrase: both are the same.
        WeakPassphrase: the new one is too easy to guess.
        NotAllowed: the roster changed meanwhile, or lacks what officers signed.
    """
    desk, name = unlocked.desk, unlocked.officer
    check_passphrase(new, (desk.name, desk.title, name), services.geography)
    fresh = unlock(services, desk.name, name, old)
    if fresh.own_identity != unlocked.own_identity:
        raise WrongPassphrase
    if old == new:
        raise SamePassphrase
    _, own = new_identity()
    both = msgspec.structs.asdict(wrap(f"{own}\n{fresh.own_identity}", new, key_context(desk.name, name)))
    services.write_now(lambda unit: _seal_to_both(unit, fresh, own, both))  # the roster must name no key that is lost
    services.write_now(lambda unit: _take(unit, services, fresh, own))
    services.read_keys(services.roster.check)  # this machine's copy follows
    return unlock(services, desk.name, name, new)


def _seal_to_both(unit: UnitOfWork, by: UnlockedDesk, own: str, wrapped: dict[str, object]) -> None:
    """Seal the officer's values to both keys, since a crash may come before the roster's entry."""
    to = recipient_of(by.own_identity), recipient_of(own)
    row = officer.c.desk == by.desk.name, officer.c.name == by.officer
    sealed = unit.main.execute(select(officer.c.desk_key).where(*row).with_for_update()).scalar_one()
    key = open_desk_key(sealed, by.desk.name, by.officer, by.own_identity) if sealed else None
    values = {**wrapped, "desk_key": seal(key, *to) if key else sealed}
    unit.main.execute(update(officer).where(*row).values(values))
    seal_audit_keys_again(unit, officer_holder(by.desk.name, by.officer), by.own_identity, *to)
    factors = second_factor.c.desk == by.desk.name, second_factor.c.officer == by.officer
    for one in unit.main.execute(select(second_factor.c.id, second_factor.c.sealed).where(*factors)).all():
        try:
            again = seal(open_as(Factor, one.sealed, by.own_identity), *to)
        except CantOpen:
            continue
        unit.main.execute(update(second_factor).where(*factors, second_factor.c.id == one.id).values(sealed=again))


def _take(unit: UnitOfWork, services: Services, by: UnlockedDesk, own: str) -> None:
    take_own_key(unit, services, (by.desk.name, by.officer), by.own_identity, own)
    row = officer.c.desk == by.desk.name, officer.c.name == by.officer
    unit.main.execute(update(officer).where(*row).values(recipient=recipient_of(own), temporary=False))
