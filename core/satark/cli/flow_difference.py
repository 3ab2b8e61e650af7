"""What differs between two questionnaires, and what that is to the sessions under way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from satark.dialogue.flow.definition import Flow

_TOP: Final = ("languages", "priority", "flags", "accuses")
_NOTHING: Final = "–"


def differences(old: Flow, new: Flow) -> Iterator[str]:
    """Yield a line for each difference of structure: `+` a new step, `-` one that is gone, `~` a change.

    Words are no part of the structure.
    """
    before, after = (msgspec.json.decode(flow.canonical) for flow in (old, new))
    for name in _TOP:
        yield from _change(name, before[name], after[name])
    olds, news = ({step["id"]: step for step in document["steps"]} for document in (before, after))
    yield from (f"- {name}" for name in olds if name not in news)
    yield from (f"+ {name} ({step['type']})" for name, step in news.items() if name not in olds)
    for name in (name for name in olds if name in news):
        yield from _changes(name, olds[name], news[name])
    kept = [name for name in olds if name in news]
    if kept != [name for name in news if name in olds]:
        yield f"~ order: {', '.join(name for name in news if name in olds)}"


def consequence(old: Flow, new: Flow, session_hours: float) -> str:
    """Say what becomes of the sessions under way once the new one is in use."""
    if old.hash == new.hash:
        return "The structure is the same: other words are said in sessions under way too."
    return (
        "Sessions under way go on with the questionnaire that they began with, until they end or lapse "
        f"({session_hours:g} hours without a message); new ones begin with the new one. To go back, set `flow` to the "
        "old file again: it is the same change the other way, and no session is lost."
    )


def _changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for field in sorted({*old, *new}):
        yield from _change(f"{name}.{field}", old.get(field, _NOTHING), new.get(field, _NOTHING))


def _change(what: str, old: Any, new: Any) -> Iterator[str]:
    if old != new:
        yield f"~ {what}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
