"""Random bytes of the system, for nonces and ids.

Each draw is a system call that gives up the interpreter's lock. If another thread is busy, getting the lock back takes
long. So a caller that needs many bytes draws a block of them, and then drops the rest. If it kept the block, a
machine that is restored from a snapshot would use the same nonces again.
"""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BLOCK: Final = 1024


class _Drawn(threading.local):
    block: io.BytesIO | None = None
    """Bytes that this thread has drawn and not used yet; None: this thread draws for each call."""


_drawn = _Drawn()


def random_bytes(size: int) -> bytes:
    """Return `size` random bytes, at most 1,024."""
    block = _drawn.block
    if block is None:
        return os.urandom(size)
    taken = block.read(size)
    if len(taken) < size:
        block = _drawn.block = io.BytesIO(os.urandom(_BLOCK))
        taken = block.read(size)
    return taken


@contextmanager
def drawn_by_the_block() -> Iterator[None]:
    """Let this thread draw many bytes at a time inside the `with` block. The block must be short and must not fork."""
    _drawn.block = io.BytesIO()
    try:
        yield
    finally:
        _drawn.block = None
