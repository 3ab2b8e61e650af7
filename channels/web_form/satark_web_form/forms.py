"""Reading what a browser sends: fields, and the files that came with them, which are sealed by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from satark.channel import Media
from satark.quiet import Quiet
from satark.web_security import read_pairs

if TYPE_CHECKING:
    from starlette.requests import Request

LIMIT: Final = 2 * 1024 * 1024
"""Most bytes of a form without files: four of the longest Hindi answers, each letter nine bytes on its way here."""


class Sent(Quiet, frozen=True, kw_only=True):
    """A form that was sent."""

    fields: Mapping[str, tuple[str, ...]]
    """Name of a field → its values."""
    files: tuple[tuple[str, Media], ...] = ()
    """The id of a step, and a file that answers it; each lies where the channel's `fetch` finds it."""
    problems: tuple[tuple[str, str], ...] = ()
    """The id of a step, and the key of the text that says why a file for it was not taken."""

    def one(self, name: str) -> str:
        """The last value of a field; empty where there is none."""
        return self.fields.get(name, ("",))[-1]


def sent(pairs: Iterable[tuple[str, str]]) -> Sent:
    """Gather the fields of a form."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Sent(fields=fields)


async def read_sent(request: Request) -> Sent:
    """Read a form.

    Raises:
        satark.web_security.FormError: it can't be read.
    """
    return sent(await read_pairs(request, LIMIT))
