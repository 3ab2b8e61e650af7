"""The pretended police system beside the desks: what it got, and the answers that a visitor has it give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from satark.demo.chat import NoSuchMessage, NotHere, Publish

if TYPE_CHECKING:
    from satark.testing.peers.police import PoliceReceiver

SHOWN = 20
"""Newest events that the page lists."""

MakePolice: TypeAlias = "Callable[[Publish], Police]"
"""Makes the police system, which tells the page what reaches it."""

_ANSWERS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType({
    "ASSIGNED": ("assigned", {"references": {"gd_number": "041"}}),
    "ACTED": (
        "disposition",
        {
            "status": "ACTED",
            "text": "कार्रवाई हुई। धन्यवाद। · Action was taken. Thank you.",
            "references": {"fir_number": "0417/2026"},
        },
    ),
})  # fmt: skip
"""Status → the answer that brings it about: its kind and data. The registers' numbers are for the desks alone."""

State: TypeAlias = Literal["real", "missing", "off", "pretended"]
_LINES: Mapping[State, str] = MappingProxyType({
    "real": "police system: as its settings say",
    "missing": "police system: none, its libraries are not installed (pip install 'satark[police]')",
    "off": "police system: none, `plugins` does not name it",
    "pretended": "police system: pretended; what it gets stands on the simulator's page",
})  # fmt: skip

_OK = 200


class Police:
    """No pretended police system, and why.

    Args:
        state: `real`: the settings name one; `missing`: no libraries for it; `off`: its plugin is not loaded.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def view(self) -> dict[str, Any]:
        """Give all that the page shows: the state, and the events that came, the newest first."""
        return {"state": self._state, "events": []}

    @property
    def line(self) -> str:
        """What a person at the terminal needs to know of it."""
        return _LINES[self._state]

    async def answer(self, number: str, status: str) -> None:
        """Answer that a tip has this status now, as the police system would: signed, and posted to Satark.

        Raises:
            NoSuchMessage: no event about such a tip came, or it is no status that can be answered here.
            NotHere: there is no pretended police system, or Satark did not take the answer.
        """
        raise NotHere


class PretendedPolice(Police):
    """A police system that keeps in memory what it got.

    Args:
        receiver: gets the events.
        door: where Satark takes answers.
        publish: tells the page.
    """

    def __init__(self, receiver: PoliceReceiver, door: str, publish: Publish) -> None:
        super().__init__("pretended")
        self._receiver = receiver
        self._door = door
        self._publish = publish
        self._answered: dict[str, str] = {}
        receiver.on_event(lambda _: self._tell())

    def view(self) -> dict[str, Any]:
        """Give the events as they arrived, each with the newest answer about its tip."""
        newest = list(self._receiver.events.values())[: -SHOWN - 1 : -1]
        events = [{"event": event, "answered": self._answered.get(event["subject"], "")} for event in newest]
        return {**super().view(), "events": events}

    async def answer(self, number: str, status: str) -> None:
        """Answer; see `Police.answer`."""
        if status not in _ANSWERS or number not in {event["subject"] for event in self._receiver.events.values()}:
            raise NoSuchMessage
        kind, data = _ANSWERS[status]
        answered, _ = await self._receiver.answer(self._door, kind, number=number, **data)
        if answered != _OK:
            raise NotHere
        self._answered[number] = status
        self._tell()

    def _tell(self) -> None:
        self._publish({"what": "police", "police": self.view()})
