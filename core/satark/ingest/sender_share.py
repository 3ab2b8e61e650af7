"""Share of a sender: a flood of messages from one contact delays that contact alone.

Of each sender only a few messages are handed to the writer at once, and so only a few share a transaction with the
messages of everybody else; the others wait here, in their order.
"""

from __future__ import annotations

import asyncio
from collections import deque

from satark.store.writer import StoreDown


class _Sender:
    __slots__ = ("at_work", "waiting")

    def __init__(self) -> None:
        self.at_work = 0
        self.waiting: deque[asyncio.Future[None]] = deque()


class SenderShares:
    """Counts the messages of each sender that is at work now, by pseudonym; nothing of a sender stays after them.

    Args:
        at_once: most messages of one sender that are handed to the writer.
        waiting: most messages of one sender that wait for that.
    """

    def __init__(self, at_once: int, waiting: int) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._senders: dict[bytes, _Sender] = {}

    async def enter(self, sender: bytes) -> None:
        """Wait for the turn of a message, in the order of coming. Call `leave` when it is written.

        Raises:
            StoreDown: too many messages of this sender wait.
        """
        one = self._senders.get(sender)
        if one is None:
            one = self._senders[sender] = _Sender()
        if one.at_work < self._at_once:
            one.at_work += 1
            return
        if len(one.waiting) >= self._most_waiting:
            raise StoreDown("too many messages of one sender wait to be written")
        turn = asyncio.get_running_loop().create_future()
        one.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(sender)
            raise

    def leave(self, sender: bytes) -> None:
        """Let the sender's next message come."""
        one = self._senders[sender]
        while one.waiting:
            turn = one.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        one.at_work -= 1
        if not one.at_work:
            del self._senders[sender]

    def __len__(self) -> int:
        """How many senders have a message at work."""
        return len(self._senders)
