"""Witnesses: each desk notes and signs the head of the log when one of its officers signs in.

A log that was rewritten, or cut off so that the noted head is missing, no longer contains this head. The notes lie in
the key store. Whoever restores both databases from an older backup restores the notes too; only a head that was noted
elsewhere reveals that.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from satark.audit.keys import trusted_verifiers
from satark.custody.audit import LogHead
from satark.identity.signatures import is_signed
from satark.services import Services
from satark.store.tables import witness
from satark.store.unit_of_work import UnitOfWork


def note_head(unit: UnitOfWork, desk: str, key: Ed25519PrivateKey) -> None:
    """Note the present head of the log for a desk, signed with its key. This head was committed earlier."""
    head = LogHead.current(unit.main)
    if head is not None:
        row = {"desk": desk, "position": head.position, "link": head.link}
        unit.upsert(witness, [{**row, "signature": key.sign(_statement(desk, head))}])


def lost_witnesses(services: Services) -> list[str]:
    """Return the desks whose noted head the log does not contain any more, or whose note is not signed by them."""
    noted = services.read_keys(lambda c: c.execute(select(witness).order_by(witness.c.desk)).all())
    known = trusted_verifiers(services, [row.desk for row in noted])
    lost = []
    for row in noted:
        head = LogHead(row.position, row.link)
        signed = any(is_signed(one, row.signature, _statement(row.desk, head)) for one in known[row.desk].values())
        if not signed or not services.read(head.is_in):
            lost.append(row.desk)
    return lost


def _statement(desk: str, head: LogHead) -> bytes:
    return f"satark/1/witness/{desk}/{head}".encode()
