"""Which configured destinations beyond the desks get a tip; and the encoding of their rules for remote offices."""

from collections.abc import Collection, Iterable

from pydantic import TypeAdapter

from satark.api.routing import DESK_SINK, HERE, Destination, DestinationRule
from satark.api.tip import Priority, Tip


def matching_rules(
    destination_rules: Iterable[DestinationRule],
    tip: Tip,
    priority: Priority,
    *,
    desks: Collection[str],
    excluded: Collection[str] = (),
    added: Collection[str] = (),
) -> tuple[DestinationRule, ...]:
    """Return the rules of the configured destinations that get a tip.

    Args:
        destination_rules: all rules of the configuration.
        tip: the tip.
        priority: its priority.
        desks: names of the desks that get the tip.
        excluded: destinations, and names of desks, that must not get it.
        added: destinations that get it whatever their filters say.
    """
    return tuple(
        rule
        for rule in destination_rules
        if _may_have(rule, tip, desks, excluded)
        and rule.to not in excluded
        and (rule.to in added or rule.applies(tip, priority))
    )


def encode_rules(destination_rules: Iterable[DestinationRule]) -> bytes:
    """Encode the rules of the desks' destinations, without private keys, for remote offices that seal tips to them."""
    public = (rule.model_copy(update={"identity_file": None}) for rule in destination_rules if rule.desk)
    return _rules.dump_json(tuple(public))


def decode_rules(encoded: bytes) -> tuple[DestinationRule, ...]:
    """Decode what `encode_rules` returned.

    Raises:
        ValueError: it is something else.
    """
    return _rules.validate_json(encoded)


_rules = TypeAdapter(tuple[DestinationRule, ...])


def _may_have(rule: DestinationRule, tip: Tip, desks: Collection[str], excluded: Collection[str]) -> bool:
    if rule.desk:
        return rule.desk in desks
    # It belongs to no desk, so nobody knows who reads there: it gets no tip that is kept from anybody.
    return tip.accused is None and not excluded


def delivered_to(destination: Destination) -> Destination:
    """Return the destination that a delivery to a desk names: `HERE` for a desk at this host."""
    return HERE if destination.sink == DESK_SINK else destination
