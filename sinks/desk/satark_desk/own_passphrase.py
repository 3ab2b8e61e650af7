"""An officer changes their own passphrase; a new officer replaces the temporary one that somebody else set."""

from __future__ import annotations

import msgspec
from sqlalchemy import update

from satark.casework import Services
from satark_desk.desk_keys import UnlockedDesk, key_context
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.passphrase_strength import check_passphrase
from satark_desk.passphrases import wrap
from satark_desk.tables import officer


class SamePassphrase(Exception):  # noqa: N818 - it reads as what it says
    """The new passphrase is the old one."""


def change_passphrase(services: Services, unlocked: UnlockedDesk, old: str, new: str) -> UnlockedDesk:
    """Encrypt the officer's private key with a new passphrase.

    The key itself does not change, so everything that is sealed to it still opens.

    Returns:
        The desk, unlocked with the new passphrase.

    Raises:
        WrongPassphrase: `old` is wrong.
        SamePassphrase: both are the same.
        WeakPassphrase: the new one is too easy to guess.
    """
    desk, name = unlocked.desk, unlocked.officer
    check_passphrase(new, (desk.name, desk.title, name), services.geography)
    fresh = unlock(services, desk.name, name, old)
    if fresh.own_identity != unlocked.own_identity:
        raise WrongPassphrase
    if old == new:
        raise SamePassphrase
    wrapped = wrap(fresh.own_identity, new, key_context(desk.name, name))
    row = {**msgspec.structs.asdict(wrapped), "temporary": False}
    where = officer.c.desk == desk.name, officer.c.name == name
    services.write_now(lambda unit: unit.main.execute(update(officer).where(*where).values(row)))
    return msgspec.structs.replace(fresh, temporary=False)
