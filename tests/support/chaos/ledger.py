"""The ledger: it records what citizens sent and who must have it, and compares that with what the desks can open."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple


class Counts(NamedTuple):
    """The counts of a run. The first four must be zero."""

    lost: int
    """Tips with a receipt that are missing at a desk which must have them."""
    doubled: int
    """Tips that a desk has more than once, and tips for which nobody has a receipt."""
    misrouted: int
    """Tips at a desk that must not have them."""
    unreadable: int
    """Tips that the store holds for a desk but that the desk can't open."""
    receipts: int
    repeated: int
    """Answers of the bot that came twice, which is allowed after a crash."""
    webhooks: int

    @property
    def failures(self) -> int:
        """The number of errors."""
        return self.lost + self.doubled + self.misrouted + self.unreadable


class Ledger:
    """Records what citizens know."""

    def __init__(self) -> None:
        self._belongs: dict[str, frozenset[str]] = {}
        """A tip's words → the desks that must have it."""
        self._receipts: list[str] = []
        self._more = asyncio.Event()
        self._ended = False
        self.repeated = self.webhooks = 0

    @property
    def receipts(self) -> int:
        """Number of citizens who have a receipt."""
        return len(self._receipts)

    async def reached(self, receipts: int) -> bool:
        """Wait until so many citizens have a receipt; return False if fewer have one and no more citizens come."""
        while self.receipts < receipts and not self._ended:
            self._more.clear()
            await self._more.wait()
        return self.receipts >= receipts

    def end(self) -> None:
        """Record that no more citizens come."""
        self._ended = True
        self._more.set()

    def acknowledged(self, words: str, desks: Collection[str], receipt: str) -> None:
        """Record that a citizen got a receipt."""
        self._belongs[words] = frozenset(desks)
        self._receipts.append(receipt)
        self._more.set()

    def compare(self, found: Mapping[str, list[str]], stored: Mapping[str, int]) -> Counts:
        """Compare the ledger with the desks and the store.

        Args:
            found: desk → the words of the tips that it opens.
            stored: desk → how many tips the store holds for it.
        """
        at = {desk: Counter(words) for desk, words in found.items()}
        pairs = [(words, desk, desk in desks) for words, desks in self._belongs.items() for desk in at]
        return Counts(
            lost=sum(belongs and not at[desk][words] for words, desk, belongs in pairs),
            doubled=sum(count - 1 for one in at.values() for count in one.values())
            + len({words for one in at.values() for words in one} - self._belongs.keys())
            + len(self._receipts)
            - len(set(self._receipts)),
            misrouted=sum(not belongs and at[desk][words] for words, desk, belongs in pairs),
            unreadable=sum(stored[desk] - len(words) for desk, words in found.items()),
            receipts=len(self._receipts),
            repeated=self.repeated,
            webhooks=self.webhooks,
        )
