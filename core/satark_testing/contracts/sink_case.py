"""The description of a sink, which its author gives to the kit."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import msgspec

from satark.api.sink import Sink
from satark_testing.contracts.provider_peer import Provider
from satark_testing.contracts.rules import require

KINDS: Final = frozenset({"number", "answer", "place", "message", "file", "due", "lost", "revision", "destination"})
"""The kinds of parts of a tip that a destination may show."""


class SinkPeer(Provider, frozen=True, kw_only=True):
    """A destination that a sink reaches by HTTP. Fields that are left out suit most services."""

    sink: Callable[[str], Sink]
    """Makes a sink that uses the destination at a base URL."""
    acknowledges: bool = True
    """Whether an answer names the tip, so that the sink can tell it from the answer to another."""


class SinkCase(msgspec.Struct, frozen=True, kw_only=True):
    """A sink, and what its checks need."""

    sink: Sink | None = None
    """The sink, which is not open yet. A case with a `peer` needs none."""
    peer: SinkPeer | None = None
    """The destination, if the sink reaches it by HTTP. It also becomes unreachable."""
    folder: Path
    """An empty folder for the files of the deliveries."""
    held: Callable[[], Mapping[str, object]]
    """Returns everything that the destination has received completely, by name."""
    name: str = "main"
    """The destination's name, without the name of the sink."""
    second: str = ""
    """The name of another destination that the sink can have at the same time; empty: it has only one."""
    unpack: Callable[[object], Mapping[str, bytes]] | None = None
    """Splits the content that `held` has of one tip into `envelope`, `document`, `message 1`, `record 1`, `file 1`. A
    sink that does not read tips needs it if `held` does not show the parts' bytes.

    For a sink that reads, it returns the values that officers see there, in UTF-8: `number`, `answer what` and `answer
    place` (the texts), `place` (`latitude,longitude`), `message 1`, `file 1` (the plain copy; by its own number), `due`
    and `lost` (a file's number), `revision` and `destination` (its name)."""
    omits: Collection[str] = ()
    """Kinds of parts (of `KINDS`) that a reading destination intentionally does not show."""
    own_folder: Path | None = None
    """The folder of a destination that shows words of tips. A sink that reads leaves words nowhere else."""
    recipient: str = ""
    """The destination's age recipient, if the sink reads tips; see `satark.api.sealing.new_identity`."""
    unreachable: Callable[[], AbstractContextManager[object]] | None = None
    """Makes the destination unreachable while the context is open. A case with a `peer` needs none."""


def check_shown(case: SinkCase, expected: Mapping[str, bytes], held: Sequence[object], rule: str) -> None:
    """Compare the parts of one tip with those that the destination shows.

    Raises:
        BrokenRule: a part is missing, cut, changed or another tip's, or there are too many.
    """
    shown = [dict(case.unpack(one)) for one in held] if case.unpack else []
    own = [one for one in shown if one.get("number") == expected["number"]] or shown
    found = {name: part for one in own for name, part in one.items()}
    for name, part in expected.items():
        kind = name.partition(" ")[0]
        if kind in case.omits or (kind == "destination" and not case.second):
            continue
        there = found.get(name)
        longer = kind in {"answer", "message"} and there is not None and part in there
        require(there == part or longer, rule, f"a tip's {name}", _difference(part, there))
    strange = {name for name in found.keys() - expected.keys() if name.partition(" ")[0] in KINDS}
    require(not strange, rule, "a tip", f"the destination shows {', '.join(sorted(strange))}, which the tip has not")


def _difference(part: bytes, there: bytes | None) -> str:
    if there is None:
        return "it is not there"
    same = next((at for at, (one, other) in enumerate(zip(part, there, strict=False)) if one != other), None)
    at = min(len(part), len(there)) if same is None else same
    return f"{len(there)} bytes instead of {len(part)}, alike up to byte {at}"
