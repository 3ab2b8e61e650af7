"""Seeds tips by name, and lets desks and tipsters act on them by the usual rules."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from satark.api.tip import CaseStep, Message, Status
from satark.casework.clocks import Clocks
from satark.casework.desk_act import ActName, DeskAct
from satark.casework.desk_acts import DeskActs
from satark.identity.time_buckets import band
from support.tips import SeededTip, post_as, seed_message, seed_tip

if TYPE_CHECKING:
    from satark.api.routing import Desk
    from satark.casework import Casework
    from satark.services import Services


class TipStories:
    """Tips by name, at the desks of a store.

    Args:
        services: the store.
        desk: gives a desk by its name.
        casework: opens a desk's casework as its first officer.
    """

    def __init__(self, services: Services, desk: Callable[[str], Desk], casework: Callable[[str], Casework]) -> None:
        self.services = services
        self.numbers: dict[str, str] = {}
        """Name → the number of the tip."""
        self._desk = desk
        self._casework = casework

    def tell(self, name: str, *at: str, hours: float = 2, **about: Any) -> SeededTip:
        """Seed a tip on illegal liquor that came so many hours ago. `about` is as for `seed_tip`."""
        about = {"category": "INTOX", "received": _band_before(hours), **about}
        seeded = seed_tip(self.services, [self._desk(one) for one in at], **about)
        self.numbers[name] = seeded.number
        return seeded

    def act(self, desk: str, tip: str, name: ActName, **fields: Any) -> None:
        """Have a desk act on a tip by the rules. `fields` are those of `DeskAct`."""
        casework = self._casework(desk)
        acts = DeskActs(self.services, casework, Clocks())
        acts.perform(casework.open(self.numbers[tip]), DeskAct(name=name, **fields))

    def set_status(self, tip: SeededTip, desk: str, status: Status, text: str) -> None:
        """Give a tip a status, even against the rules."""
        post_as(self._casework(desk), tip, Message(sender="desk", desk=desk, status=status, text=text))

    def direct_late(self, tip: SeededTip, desk: str, to: str, text: str) -> None:
        """Direct a tip from one desk to another, whose report is two hours late."""
        step = CaseStep(kind="directed", to=to, due=int(time.time()) - 7200)
        post_as(self._casework(desk), tip, Message(sender="desk", desk=desk, internal=True, text=text, case=step))

    def transcribe(self, tip: SeededTip, desk: str, ordinal: str, text: str) -> None:
        """Have a desk transcribe a recording."""
        message = Message(sender="desk", desk=desk, internal=True, transcript=ordinal, text=text)
        post_as(self._casework(desk), tip, message)

    def write(self, tip: SeededTip, text: str, **about: Any) -> None:
        """Have the tipster send a message. `about` is as for `Message`."""
        seed_message(self.services, tip, Message(sender="tipster", text=text, band=_band_before(0), **about))


def _band_before(hours: float) -> str:
    """Return the time band so many hours ago."""
    return band(int(time.time() - hours * 3600))
