"""The result of a run."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from satark.services import Services
from satark.store import deliveries, tables
from support.torture.targets import Answers, Target


class Result(NamedTuple):
    """The counts of one kind of destination."""

    deliveries: int
    lost: int
    duplicated: int
    misrouted: int
    out_of_order: int
    """Tips of which a later revision arrived before an earlier one."""
    repeats: int
    """Repetitions under the same key, which are allowed after a crash, since the receiver recognises them."""
    restarts: int
    answers: Answers

    @property
    def failures(self) -> int:
        """The number of errors, which must be zero."""
        answers = self.answers.lost + self.answers.duplicated + self.answers.out_of_order
        return self.lost + self.duplicated + self.misrouted + self.out_of_order + answers


def evaluate(services: Services, target: Target) -> Result:
    """Compare what the host sent with what a kind of destination received, in both directions."""
    row = tables.delivery.c
    query = select(row.id, row.tip, row.destination, row.revision, row.reason)
    query = query.where(row.destination.startswith(f"{target.plugin}:"))
    rows = services.read(lambda c: c.execute(query).all())
    sent = [(target.key_of(one.id.hex(), one.tip), one) for one in rows if one.reason != deliveries.SUPERSEDED]
    keys = {key: one.destination for key, one in sent}
    first: dict[str, int] = {}
    effects = target.effects
    for n, effect in enumerate(effects):
        first.setdefault(effect.key, n)
    arrived: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for key, one in sent:
        if key in first:
            arrived.setdefault((one.tip, one.destination), []).append((first[key], one.revision))
    return Result(
        deliveries=len(sent),
        lost=len(keys.keys() - first.keys()),
        duplicated=len(first.keys() - keys.keys()),
        misrouted=sum(keys.get(effect.key, effect.destination) != effect.destination for effect in effects),
        out_of_order=sum([r for _, r in sorted(one)] != sorted(r for _, r in one) for one in arrived.values()),
        repeats=len(effects) - len(first),
        restarts=target.restarts,
        answers=target.answers(services),
    )
