"""Contract for channels and sinks that can tell an operator what is wrong beyond this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

__all__ = ["FaultFinder"]


@runtime_checkable
class FaultFinder(Protocol):
    """A channel that can ask its provider, or a sink that can ask its destinations, whether everything is right."""

    @property
    def name(self) -> str:
        """The plugin's name."""

    async def find_faults(self) -> Sequence[str]:
        """Connect and ask, change and deliver nothing, and return what is wrong, in words for the operator.

        `satark check` calls it, and every process again and again, each time without `open` and on an object of its
        own. It names settings and codes, no secret. It is cancelled after a while.
        """
