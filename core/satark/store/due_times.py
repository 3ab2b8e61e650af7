"""Chooses when a delivery goes out, so that neither a carrier nor a dump shows the second in which a tip came."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from satark.api.routing import DESK_SINK, HERE, Desk
from satark.api.services import UnitOfWork
from satark.store import envelopes
from satark.store.unit_of_work import due_in

_PUT_OFF, _WOKEN, _DESKS = "satark_put_off", "satark_woken", "satark_desks"


def put_off(
    main: Engine,
    seconds: Mapping[str, int],
    offices: int,
    woken: Mapping[str, str],
    desks: Callable[[Any], Sequence[Desk]],
) -> Engine:
    """Return an engine with which what tells of a tip goes out at random moments alone (`next_moment`).

    `seconds`: of each destination, in how many there is one moment; 0: at once. `offices`: the same of all offices.
    `woken`: destinations that wait until a tip is urgent, each with its desk. `desks`: reads the rosters' desks.
    """
    return main.execution_options(**{_PUT_OFF: (seconds, offices), _WOKEN: woken, _DESKS: desks})


def offices_of(unit: UnitOfWork) -> list[str]:
    """Return the destinations that are remote offices."""
    return [str(one.destination) for one in _desks(unit) if one.via != DESK_SINK]


def woken_by(unit: UnitOfWork, tip_id: str) -> set[str]:
    """Return the destinations that a danger in a tip wakes: those of desks that have the tip, not only a release."""
    desks: Mapping[str, str] = unit.main.get_execution_options().get(_WOKEN, {})
    if not desks:
        return set()
    has = {desk for desk in desks.values() if envelopes.has_tip(unit.keys, tip_id, desk)}
    return {to for to, its in desks.items() if its in has}


def _desks(unit: UnitOfWork) -> Sequence[Desk]:
    read: Callable[[Any], Sequence[Desk]] = unit.main.get_execution_options().get(_DESKS, lambda _: ())
    return read(unit)


def next_moment(keys: Connection | Engine, of: str, every: int, now: int) -> int:
    """Return a destination's or tip's next moment. Each `every` seconds have one, which only the name key tells."""
    both = (_moment(keys, of, every, number) for number in (now // every, now // every + 1))
    return next(at for at in both if at > now)


def last_moment(keys: Connection | Engine, of: str, every: int, now: int) -> int:
    """Return the newest of these moments that is not to come."""
    both = (_moment(keys, of, every, number) for number in (now // every, now // every - 1))
    return next(at for at in both if at <= now)


def _moment(keys: Connection | Engine, of: str, every: int, number: int) -> int:
    return number * every + int.from_bytes(envelopes.tag(keys, str(number), f"moment {of}")) % every


def when_due(unit: UnitOfWork, tip_id: str, destination: str, *, is_urgent: bool = False) -> dict[str, int]:
    """Return the columns that say when a delivery is due. An urgent one is due at once, except for offices."""
    seconds, offices = unit.main.get_execution_options().get(_PUT_OFF, ({}, 0))
    every, kind = seconds.get(destination, offices), tip_id.partition(":")[0]
    if not every or destination == HERE or kind not in {tip_id, "erased"}:
        return due_in(0, unit.now)
    if is_urgent and destination in seconds:
        return {"due_at": unit.now, "wait": 2 * every}
    return due_at_moment(unit, destination, every)


def due_at_moment(unit: UnitOfWork, of: str, every: int) -> dict[str, int]:
    """Return the columns of what is due at the next moment (`next_moment`)."""
    due_at = next_moment(unit.keys, of, every, unit.now)
    return {"due_at": due_at, "wait": 2 * every}  # no drawn number, from which the second would follow
