"""The simulated police system: the events that it received, and the answers that a visitor sends from it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from satark_demo.chat import NoSuchMessage, NotPossible, Publish
from satark_testing.peers.police import PoliceReceiver

SHOWN = 20
"""Number of newest events that the page lists."""

MakePoliceSystem: TypeAlias = "Callable[[Publish], PoliceSystem]"
"""Makes the police system, which publishes its events to the page."""

_ANSWERS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType({
    "ASSIGNED": ("assigned", {"references": [{"register": "GD", "number": "041"}]}),
    "ACTED": (
        "disposition",
        {
            "status": "ACTED",
            "text": "कार्रवाई हुई। धन्यवाद। · Action was taken. Thank you.",
            "references": [{"register": "FIR", "number": "0417/2026"}],
        },
    ),
})  # fmt: skip
"""Status → the answer that sets it, as kind and data. Only desks see the register numbers."""

State: TypeAlias = Literal["real", "missing", "off", "simulated"]
_STATUS_LINES: Mapping[State, str] = MappingProxyType({
    "real": "police system: the one in the settings",
    "missing": "police system: none, because its libraries are not installed (pip install 'satark[police]')",
    "off": "police system: none, because the setting `plugins` does not name it",
    "simulated": "police system: simulated; /simulator shows what it receives",
})  # fmt: skip

_OK = 200


class PoliceSystem:
    """The police system's state when none is simulated, and the reason.

    Args:
        state: `real`: the settings configure one; `missing`: its libraries are not installed; `off`: its plugin is
            not loaded.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows: the state, and the received events, the newest first."""
        return {"state": self._state, "events": []}

    @property
    def status_line(self) -> str:
        """The line about the police system that the terminal shows at the start."""
        return _STATUS_LINES[self._state]

    async def answer(self, number: str, status: str) -> None:
        """Send the answer that sets a tip's status. The answer is signed and posted to Satark as by a police system.

        Raises:
            NoSuchMessage: no event about this tip was received, or no answer sets this status.
            NotPossible: no police system is simulated, or Satark did not accept the answer.
        """
        raise NotPossible


class SimulatedPoliceSystem(PoliceSystem):
    """A simulated police system, which keeps its events in memory. `answers_url`: where Satark accepts answers."""

    def __init__(self, receiver: PoliceReceiver, answers_url: str, publish: Publish) -> None:
        super().__init__("simulated")
        self._receiver = receiver
        self._answers_url = answers_url
        self._publish = publish
        self._answered: dict[str, str] = {}
        receiver.on_event(lambda _: self._publish_view())

    def view(self) -> dict[str, Any]:
        newest = list(self._receiver.events.values())[: -SHOWN - 1 : -1]
        events = [{"event": event, "answered": self._answered.get(event["subject"], "")} for event in newest]
        return {**super().view(), "events": events}

    async def answer(self, number: str, status: str) -> None:
        if status not in _ANSWERS or number not in {event["subject"] for event in self._receiver.events.values()}:
            raise NoSuchMessage
        kind, data = _ANSWERS[status]
        http_status, _ = await self._receiver.answer(self._answers_url, kind, number=number, **data)
        if http_status != _OK:
            raise NotPossible
        self._answered[number] = status
        self._publish_view()

    def _publish_view(self) -> None:
        self._publish({"type": "police", "police": self.view()})
