"""The HTTP addresses that plugins serve.

Two plugins that claimed one address would silently take each other's messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from satark.plugins.handed_over import PluginError


class Claim(NamedTuple):
    """An address that a plugin or Satark itself serves."""

    owner: str
    path: str
    has_below: bool
    """Whether the claim includes all addresses below this one."""

    def clashes(self, other: Claim) -> bool:
        """Return whether a request could match both claims. A page at the root gets only what nobody else serves."""
        if self.path == other.path:
            return True
        if self.owner == other.owner:  # its longest path comes first
            return False
        return self._holds(other) or other._holds(self)

    def _holds(self, other: Claim) -> bool:
        return self.has_below and self.path != "/" and other.path.startswith(f"{self.path}/")


_OF_HOST: Final = (
    *(Claim("Satark itself", path, has_below=False) for path in ("/healthz", "/readyz", "/metrics")),
    Claim("the demo", "/simulator", has_below=True),
    Claim("the page at / (for the mailbox)", "/status", has_below=True),
)


class Addresses:
    """The addresses that the plugins of a process claim."""

    def __init__(self) -> None:
        self._claims: dict[str, list[Claim]] = {}

    def claim(self, kind: str, paths: Iterable[tuple[str, str]], *, has_below: bool) -> None:
        """Replace the claimed addresses of one kind by these.

        Args:
            kind: webhooks, or the name of the hook that returns the pages.
            paths: pairs of a plugin's name and a path.
            has_below: whether each claim includes all addresses below its path.

        Raises:
            PluginError: a path is invalid, or two plugins claim one address.
        """
        claims = [_claim(plugin, path, has_below=has_below) for plugin, path in paths]
        others = [*_OF_HOST, *(one for of, found in self._claims.items() if of != kind for one in found)]
        for one, other in _pairs(claims, others):
            if one.clashes(other):
                raise PluginError(
                    f"{one.owner} claims the address {one.path}, and {other.owner} claims {other.path}: "
                    "change one of them, or leave one plugin out"
                )
        self._claims[kind] = claims


def _claim(plugin: str, path: str, *, has_below: bool) -> Claim:
    if not path.startswith("/"):
        raise PluginError(f"plugin {plugin!r} claims the address {path!r}: it must begin with /")
    return Claim(f"plugin {plugin!r}", f"/{path.strip('/')}", has_below)


def _pairs(claims: list[Claim], others: list[Claim]) -> Iterator[tuple[Claim, Claim]]:
    for at, one in enumerate(claims):
        yield from ((one, other) for other in others)
        yield from ((one, other) for other in claims[at + 1 :])
