"""The canonical form of a tip: what must be the same bytes whatever the medium that it came by.

Left out are the number, the time and what follows later (status, messages), which belong to the one tip; the channel
class; and the kind of each file, since a medium calls one recording "voice" and another "audio". Everything else
stands in it, down to the hash of every file, in which order they came, and which desks may read the tip.

A medium that can't type, point or send files gives less, and then both sides are compared in the form that has only
what both could give, `canonical(…, can=…)`:

- who can't point at the map tells the place's name: the coordinates go;
- who can't type speaks: an answer in words and a spoken one are written as the same mark, their recordings go, and
  the station, which typed words may name and spoken ones never do, is told once, in the place. For the same reason
  an outpost can't be told by its name: that it is one stays, which one goes;
- who can't send files speaks once more: how many pieces of evidence there are stays, what they are goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from satark.testing.matrix.driving import EVERYTHING, Ability

_TOLD = "(told)"
_SPOKEN_STEPS = frozenset({"what", "police_who", "when_date", "who", "vehicle", "how_often"})
_PLACE = "place"
_STATION = "station"
_EVIDENCE = "evidence"


def canonical(
    opened: Mapping[str, Any] | None, desks: Iterable[str] = (), *, can: frozenset[Ability] = EVERYTHING
) -> bytes:
    """Write a tip as canonical JSON.

    Args:
        opened: the tip as `satark desk tips --json` gives it; None: no tip was sent.
        desks: the names of the desks that may read it.
        can: what every medium that it is compared with lets one do.
    """
    if opened is None:
        return b"null"
    tip = {name: opened[name] for name in ("flow", "language", "category", "priority", "flags", "district", "station")}
    tip["accused"] = _accused(opened["accused"], can)
    tip["answers"] = canonical_answers(opened["answers"], can=can)
    tip["evidence"] = [_file(file, can) for file in opened["evidence"] if "type" in can or file["role"] == _EVIDENCE]
    tip["lost"] = opened["lost"]
    tip["desks"] = sorted(desks)
    return msgspec.json.encode(tip, order="sorted")


def canonical_answers(answers: Mapping[str, Any], *, can: frozenset[Ability] = EVERYTHING) -> dict[str, Any]:
    """Give a tip's answers in the form that is compared; see `canonical`."""
    if "type" not in can:
        answers = {step: _told(step, value) for step, value in answers.items() if step != _STATION}
    place = answers.get(_PLACE)
    if isinstance(place, Mapping) and "point" not in can:
        return {**answers, _PLACE: {name: v for name, v in place.items() if name not in {"latitude", "longitude"}}}
    return dict(answers)


def _told(step: str, value: Any) -> Any:
    if step in _SPOKEN_STEPS:
        return _TOLD
    if step == _PLACE:
        return {"told": True, **{name: value.get(name, "") for name in ("district", "station")}}
    return value


def _accused(accused: Mapping[str, str] | None, can: frozenset[Ability]) -> Mapping[str, str] | None:
    if accused is None or "type" in can or accused["level"] != "outpost":
        return accused
    return {"level": accused["level"]}


def _file(file: Mapping[str, Any], can: frozenset[Ability]) -> dict[str, Any]:
    names = ("ordinal", "role", "mime", "sha256", "caption") if "send" in can else ("role",)
    return {name: file[name] for name in names}
