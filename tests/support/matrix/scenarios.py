"""Reads the scenarios of `scenarios.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from support.matrix.scenario import Action, Do, Point, Scenario, Send, Speak, Words


class _RawScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    language: str
    exchanges: Sequence[Mapping[str, object]]


_KINDS: Mapping[str, type[Words | Speak | Point | Send | Do]] = {
    "words": Words,
    "speak": Speak,
    "point": Point,
    "send": Send,
    "do": Do,
}


def scenarios() -> tuple[Scenario, ...]:
    """Read the scenarios.

    Raises:
        msgspec.ValidationError: the file does not hold scenarios.
    """
    text = Path(__file__).with_name("scenarios.yaml").read_bytes()
    return tuple(_scenario(raw) for raw in msgspec.yaml.decode(text, type=list[_RawScenario]))


def _scenario(raw: _RawScenario) -> Scenario:
    exchanges = tuple((q, _action(action)) for exchange in raw.exchanges for q, action in exchange.items())
    return Scenario(raw.name, raw.language, exchanges)


def _action(raw: object) -> Action:
    if isinstance(raw, str):
        return raw
    kind = next((kind for key, kind in _KINDS.items() if isinstance(raw, Mapping) and key in raw), Words)
    return msgspec.convert(raw, kind)
