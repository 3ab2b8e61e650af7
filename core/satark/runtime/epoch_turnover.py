"""Epoch turnover: when an epoch has ended, what is still wanted is sealed anew, and its key is destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from satark.api.observability import log
from satark.api.threads import run_in_thread
from satark.store.resealing import reseal_some

if TYPE_CHECKING:
    from satark.identity.edge_key import Identity
    from satark.store.write_ahead_log import LogEraser
    from satark.store.writer import Writer

AT_ONCE: Final = 50
"""Most rows of a table that one transaction seals anew, so that turns need not wait long behind it."""


class EpochTurnover:
    """Ends epochs. Several processes may do it at once: the rows' locks and the file's lock keep them apart."""

    def __init__(self, identity: Identity, writer: Writer, eraser: LogEraser) -> None:
        self._identity = identity
        self._writer = writer
        self._eraser = eraser

    async def run_once(self) -> None:
        """Destroy the keys of all epochs that ended, once nothing in the database is sealed under them.

        Raises:
            StoreDown: the database can't be written now; the keys stay.
        """
        epochs = self._identity.epochs
        ended = epochs.ended()
        if not ended:
            return
        left = 1
        while left:
            left = await self._writer.write(lambda unit: reseal_some(unit, self._identity, ended, AT_ONCE))
        await run_in_thread(epochs.destroy, ended)
        self._eraser.note()
        log.info("epoch ended, its key is destroyed", count=len(ended))
