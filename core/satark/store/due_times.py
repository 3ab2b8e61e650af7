"""Chooses when a delivery goes out, so that neither a carrier nor a dump shows the second in which a tip came."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine

from satark.api.routing import HERE
from satark.api.services import UnitOfWork
from satark.store import envelopes
from satark.store.unit_of_work import due_in

_PUT_OFF = "satark_put_off"


def put_off(main: Engine, seconds: Mapping[str, int], offices: int) -> Engine:
    """Return an engine whose deliveries go out only at random moments (`next_moment`).

    `seconds`: the span in which each destination has one moment; 0: at once. `offices`: the same for all offices.
    """
    return main.execution_options(**{_PUT_OFF: (seconds, offices)})


def next_moment(keys: Connection | Engine, of: str, every: int, now: int) -> int:
    """Return a destination's or tip's next moment. Each `every` seconds have one, which only the name key tells."""
    draws = ((n, envelopes.tag(keys, str(n), f"moment {of}")) for n in (now // every, now // every + 1))
    return next(at for n, drawn in draws if (at := n * every + int.from_bytes(drawn) % every) > now)


def when_due(unit: UnitOfWork, tip_id: str, destination: str, *, is_urgent: bool = False) -> dict[str, int]:
    """Return the columns that say when a delivery is due. An urgent one is due at once, except for offices."""
    seconds, offices = unit.main.get_execution_options().get(_PUT_OFF, ({}, 0))
    every, kind = seconds.get(destination, offices), tip_id.partition(":")[0]
    if not every or destination == HERE or kind not in {tip_id, "erased"}:
        return due_in(0, unit.now)
    at_once = is_urgent and destination in seconds
    due_at = unit.now if at_once else next_moment(unit.keys, destination, every, unit.now)
    return {"due_at": due_at, "wait": 2 * every}  # no drawn number, from which the second would follow
