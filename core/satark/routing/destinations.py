"""Which configured destinations beyond the desks get a tip, and how offices elsewhere are told of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from satark.destination import DestinationRule

if TYPE_CHECKING:
    from satark.tip import Priority, Tip


def applying(
    destination_rules: Iterable[DestinationRule],
    tip: Tip,
    priority: Priority,
    *,
    desks: Collection[str],
    excluded: Collection[str] = (),
    added: Collection[str] = (),
) -> tuple[DestinationRule, ...]:
    """Return the configured destinations that get a tip.

    Args:
        destination_rules: all that are configured.
        tip: the tip.
        priority: its priority.
        desks: names of the desks that have it.
        excluded: names of destinations (and desks) that must not have it.
        added: destinations that take it whatever their filters say.
    """
    return tuple(
        rule
        for rule in destination_rules
        if _may_have(rule, tip, desks, excluded)
        and rule.to not in excluded
        and (rule.to in added or rule.applies(tip, priority))
    )


def to_tell(destination_rules: Iterable[DestinationRule]) -> bytes:
    """Encode the desks' destinations for a remote office, which seals tips to them. It holds no private key."""
    told = (rule.model_copy(update={"identity_file": None}) for rule in destination_rules if rule.desk)
    return _every.dump_json(tuple(told))


def as_told(encoded: bytes) -> tuple[DestinationRule, ...]:
    """Decode what `to_tell` gave.

    Raises:
        ValueError: it is something else.
    """
    return _every.validate_json(encoded)


_every = TypeAdapter(tuple[DestinationRule, ...])


def _may_have(rule: DestinationRule, tip: Tip, desks: Collection[str], excluded: Collection[str]) -> bool:
    if rule.desk:
        return rule.desk in desks
    # Whose eyes are behind it nobody can say: what is kept from anybody at all is kept from it.
    return tip.accused is None and not excluded
