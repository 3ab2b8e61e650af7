"""Key change of a desk: in the roster, for its tips, for its audit log, and at an office for its host."""

from collections.abc import Sequence
from functools import partial

import msgspec

from satark.api.sealing import recipient_of
from satark.audit import keys as audit_keys
from satark.custody.verify_log import LogHead
from satark.remote.office_outbox import queue_key_change
from satark.roster.chain import append, lock, read_state
from satark.roster.entries import Entry, KeyChange, Member, OwnKey, officer_signer
from satark.roster.heads import own_head, sign_head
from satark.roster.rules import NotAllowed
from satark.routing import desks
from satark.routing.tip_keys import renew_tip_keys
from satark.services import Services
from satark.store.changed_keys import AT_ONCE
from satark.store.envelopes import stored_tips
from satark.store.unit_of_work import UnitOfWork


def change_key(unit: UnitOfWork, services: Services, entry: Entry, old: str, new: str) -> None:
    """Change a desk's key from identity `old` to `new`. Before, store both durably for its officers.

    `entry`: the signed entry of the roster; its body is a `KeyChange`.

    Raises:
        KeyChanged: `old` is not the desk's present key.
        NotAllowed: the roster does not allow the entry.
    """
    desks.change_key(unit, services.roster, entry, old, new, rules=services.destination_rules)
    if isinstance(entry.body, KeyChange):
        _renew(unit, services, entry.body.desk, old, new)


def finish_key_change(unit: UnitOfWork, services: Services, desk: str, old: str, new: str) -> None:
    """Complete a change of a desk's key that is in the roster already and was interrupted by a crash.

    If only an officer's key changed, `old` is `new`. Later signatures of the officer's former key do not count.
    """
    lock(unit)
    state = services.roster_state(unit)
    desks.finish_key_change(unit, state, desk, f"{new}\n{old}", services.destination_rules)
    if old != new:
        _renew(unit, services, desk, old, new)


def renew_tips(services: Services, desk: str, old: str, new: str) -> None:
    """Give every tip of a desk a new key after the desk changed a key, some tips in each transaction.

    After an interruption, call this again. Until it has ended, officers need both keys of the desk.
    """
    tips = services.read(lambda main: services.read_keys(lambda keys: stored_tips(main, keys, desk)))
    if len(tips) <= AT_ONCE:
        return  # they were renewed with the change itself

    def renew(unit: UnitOfWork, some: Sequence[str]) -> None:
        lock(unit)  # first: no renewal names an older entry than one before it
        state = services.roster_state(unit)
        renew_tip_keys(unit, state, desk, f"{new}\n{old}", services.destination_rules, tips=some)

    for at in range(0, len(tips), AT_ONCE):
        services.write_now(partial(renew, some=tips[at : at + AT_ONCE]))


def take_own_key(unit: UnitOfWork, services: Services, by: Member, old: str, new: str) -> None:
    """Replace an officer's own key by a new one, which `old` signs. Their signatures in the roster stay valid.

    Before you call this, store the new key durably, and seal the officer's own values to it.

    Raises:
        NotAllowed: the roster was rewritten, or lacks heads that officers signed.
    """
    state = read_state(unit.keys)
    listed, former = state.officer(*by), own_head(unit.keys, *by, old)
    if listed is None or state.lacks_heads or services.roster.is_rewritten(unit.keys):
        raise NotAllowed("the roster changed meanwhile: try again", reason="changed")
    officer = msgspec.structs.replace(listed, recipient=recipient_of(new), signer=officer_signer(new), temporary=False)
    body = OwnKey(desk=by[0], officer=officer, log=LogHead.position_of_rows(unit.main))
    append(unit, Entry(body=body, by=by, base=state.head).signed_with(by, old))
    if former.head:
        again = msgspec.structs.replace(former, signer=officer.signer, number=0)
        sign_head(unit, again, new, former.remembered)


def _renew(unit: UnitOfWork, services: Services, desk: str, old: str, new: str) -> None:
    queue_key_change(unit, desk, old, new)
    audit_keys.renew_key(unit, services, desk, old, new)
