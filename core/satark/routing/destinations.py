"""Which configured destinations beyond the desks get a tip, and how offices elsewhere are told of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from satark.destination import DestinationRule

if TYPE_CHECKING:
    from satark.tip import Priority, Tip


def applying(
    forwards: Iterable[DestinationRule],
    tip: Tip,
    priority: Priority,
    *,
    desks: Collection[str],
    excluded: Collection[str] = (),
    added: Collection[str] = (),
) -> tuple[DestinationRule, ...]:
    """Give the forwards that a tip takes.

    Args:
        forwards: all that are configured.
        tip: the tip.
        priority: its priority.
        desks: names of the desks that have it.
        excluded: names of destinations (and desks) that must not have it.
        added: destinations that take it whatever their filters say.
    """
    return tuple(
        forward
        for forward in forwards
        if _may_have(forward, tip, desks, excluded)
        and forward.to not in excluded
        and (forward.to in added or forward.applies(tip, priority))
    )


def to_tell(forwards: Iterable[DestinationRule]) -> bytes:
    """Encode the desks' forwards for an office of its own, which seals tips to them: nothing private is in it."""
    told = (forward.model_copy(update={"identity_file": None}) for forward in forwards if forward.desk)
    return _every.dump_json(tuple(told))


def as_told(encoded: bytes) -> tuple[DestinationRule, ...]:
    """Decode what `to_tell` gave.

    Raises:
        ValueError: it is something else.
    """
    return _every.validate_json(encoded)


_every = TypeAdapter(tuple[DestinationRule, ...])


def _may_have(forward: DestinationRule, tip: Tip, desks: Collection[str], excluded: Collection[str]) -> bool:
    if forward.desk:
        return forward.desk in desks
    # Whose eyes are behind it nobody can say: what is kept from anybody at all is kept from it.
    return tip.accused is None and not excluded
