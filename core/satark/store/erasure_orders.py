"""Orders to remote offices to erase their copy of a tip: rows of the table `delivery`, among covers that look alike."""

from typing import Literal, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from sqlalchemy import Connection, Engine, select

from satark.api.routing import Destination
from satark.identity.random_bytes import random_bytes
from satark.store import envelopes
from satark.store.tables import delivery

ERASED = "erased"
"""Kind of the delivery by which a remote office gets the order to erase its copy: `erased:<tip, encrypted>:<rule>`."""
IS_ORDER = delivery.c.tip.startswith(f"{ERASED}:")
ORDER_DAYS = 366
"""Days for which the daily directory repeats an order, since the carrier may drop it."""
TIP_BYTES = 16
"""Bytes of a tip's id."""


def order(keys: Connection | Engine, office: str, tip_id: str, rule: str) -> tuple[str, bytes]:
    """Return the columns `tip` and `id` of an order to an office to erase a tip; with an empty `tip_id`, of a cover.

    Nobody without the name key can make an order, tell it from a cover, or read the tip's id.
    """
    block = bytes.fromhex(tip_id) or random_bytes(TIP_BYTES)
    named = f"{ERASED}:{_cipher(keys, office).encryptor().update(block).hex()}:{rule}"
    return named, _order_id(keys, office, named, is_cover=not tip_id)


class Order(NamedTuple):
    """What an order to an office to erase a tip says."""

    tip: str
    rule: Literal["term", "officers"]
    is_cover: bool


def read_order(keys: Connection | Engine, office: str, named: str, id_: bytes) -> Order | None:
    """Read the columns `tip` and `id` of an order to an office to erase a tip; None: somebody wrote its row."""
    kinds = {_order_id(keys, office, named, is_cover=is_cover): is_cover for is_cover in (False, True)}
    if id_ not in kinds:
        return None
    _, block, rule = named.split(":")
    tip = _cipher(keys, office).decryptor().update(bytes.fromhex(block)).hex()
    return Order(tip, "officers" if rule == "officers" else "term", kinds[id_])


def orders(connection: Connection, keys: Connection | Engine, desk: str) -> list[Order]:
    """Return the orders of the last `ORDER_DAYS` to a desk's office."""
    query = select(delivery.c.id, delivery.c.tip, delivery.c.destination).where(IS_ORDER)
    rows = [row for row in connection.execute(query) if Destination(row.destination).name == desk]
    return [one for row in rows if (one := read_order(keys, row.destination, row.tip, row.id)) and not one.is_cover]


def _order_id(keys: Connection | Engine, office: str, named: str, *, is_cover: bool) -> bytes:
    return envelopes.tag(keys, named, f"{'no order' if is_cover else 'order'} {office}")


def _cipher(keys: Connection | Engine, office: str) -> Cipher[ECB]:
    return Cipher(AES(envelopes.tag(keys, office, "orders")), ECB())  # noqa: S305 - of one random block
