"""At an office: the row that names its host. It counts only with a tag under the name key.

Whoever writes rows could else make the host itself, or an office, follow a host of their own.
"""

from typing import Any

from sqlalchemy import Connection, Row, select

from satark.store import envelopes
from satark.store.tables import host_link


def read(main: Connection, *, lock: bool = False) -> Row[Any] | None:
    """Return the row; None: there is none, or somebody else wrote it. `lock`: until the transaction's end."""
    query = select(host_link).with_for_update() if lock else select(host_link)
    row = main.execute(query).one_or_none()
    is_own = row is not None and row.tag == tag_of(main, row.recipient, row.verifier, row.paired)
    return row if is_own else None


def is_forged(main: Connection) -> bool:
    """Whether there is a row that this installation did not write."""
    return main.execute(select(host_link.c.recipient)).first() is not None and read(main) is None


def tag_of(main: Connection, recipient: str, verifier: str, paired: str) -> bytes:
    """Return the tag of the host's keys and of the head of its roster at the pairing."""
    return envelopes.tag(main, "host of this office", f"{recipient} {verifier} {paired}")
