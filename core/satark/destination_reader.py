"""Contract for sinks whose destination must read tips: opens a delivery with the destination's own key."""

from satark.delivery.reader import DestinationReader, OpenedDelivery, ReadableTip, load_identity, own_key, reader

__all__ = ["DestinationReader", "OpenedDelivery", "ReadableTip", "load_identity", "own_key", "reader"]
