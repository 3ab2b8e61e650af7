"""What came of a run."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from satark.services import Services
from satark.store import deliveries, tables
from satark_torture.targets import Answers, Target


class Tally(NamedTuple):
    """One kind of destination at the end of a run."""

    deliveries: int
    lost: int
    doubled: int
    misrouted: int
    disordered: int
    """Tips of which a later revision arrived before an earlier one."""
    repeats: int
    """What came again under the same key, as it may after a crash: the receiver knows it for the same."""
    restarts: int
    answers: Answers

    @property
    def failures(self) -> int:
        """What must be none."""
        answers = self.answers.lost + self.answers.doubled + self.answers.disordered
        return self.lost + self.doubled + self.misrouted + self.disordered + answers


def tally(services: Services, target: Target) -> Tally:
    """Hold what a kind of destination has against what the host sent, and the other way round."""
    row = tables.delivery.c
    query = select(row.id, row.tip, row.destination, row.revision, row.reason)
    query = query.where(row.destination.startswith(f"{target.plugin}:"))
    rows = services.read(lambda c: c.execute(query).all())
    sent = [(target.key_of(one.id.hex(), one.tip), one) for one in rows if one.reason != deliveries.OVERTAKEN]
    keys = {key: one.destination for key, one in sent}
    first: dict[str, int] = {}
    effects = target.effects
    for n, effect in enumerate(effects):
        first.setdefault(effect.key, n)
    arrived: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for key, one in sent:
        if key in first:
            arrived.setdefault((one.tip, one.destination), []).append((first[key], one.revision))
    return Tally(
        deliveries=len(sent),
        lost=len(keys.keys() - first.keys()),
        doubled=len(first.keys() - keys.keys()),
        misrouted=sum(keys.get(effect.key, effect.destination) != effect.destination for effect in effects),
        disordered=sum([r for _, r in sorted(one)] != sorted(r for _, r in one) for one in arrived.values()),
        repeats=len(effects) - len(first),
        restarts=target.restarts,
        answers=target.answers(services),
    )
