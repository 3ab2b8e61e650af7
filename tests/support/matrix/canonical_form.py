"""The canonical form of a tip, whose bytes must not depend on the medium.

It omits the number, the time and what comes later (status, messages), which differ between tips; the channel class; and
the kind of each file, since one medium calls a recording "voice" and another "audio". It contains everything else, down
to the hash and order of the files and the desks that may read the tip.

Some media can't type, point at a map or send files. `canonical(…, can=…)` reduces a tip to what all of them give:

- without pointing, the place has a name only, so the coordinates are omitted;
- without typing, no danger is read in the words, so its flag and the priority are omitted;
- without typing, answers are spoken, so typed and spoken answers become the same mark and their recordings are omitted.
  Only typed words can name a district or a station: without them neither is in the tip, nor the accused unit's name;
- without sending files, evidence is spoken, so only the number of files remains, and no film's sound is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from satark_testing.matrix.drivers import EVERYTHING, Ability

_ANSWERED = "(answered)"
_DANGER = "danger:"
_SPOKEN_STEPS = frozenset({"what", "police_who", "when_date", "who", "vehicle", "how_often"})
_PLACE = "place"
_UNITS = frozenset({"district", "station", "police_district"})
_EVIDENCE = "evidence"
_FILM_SOUND = "film_sound"


def canonical(
    opened: Mapping[str, Any] | None, desks: Iterable[str] = (), *, can: frozenset[Ability] = EVERYTHING
) -> bytes:
    """Encode a tip as canonical JSON.

    Args:
        opened: the tip as `satark desk tips --json` prints it; None: no tip was sent.
        desks: the names of the desks that may read it.
        can: the abilities that all compared media share.
    """
    if opened is None:
        return b"null"
    tip = {name: opened[name] for name in ("flow", "language", "category", "priority", "flags", "district", "station")}
    if "type" not in can:
        tip["flags"] = [flag for flag in tip["flags"] if not flag.startswith(_DANGER)]
        del tip["priority"], tip["district"], tip["station"]
    tip["accused"] = _accused(opened["accused"], can)
    tip["answers"] = canonical_answers(opened["answers"], can=can)
    tip["evidence"] = [_file(file, can) for file in opened["evidence"] if "type" in can or file["role"] == _EVIDENCE]
    tip["lost"] = opened["lost"]
    tip["desks"] = sorted(desks)
    return msgspec.json.encode(tip, order="sorted")


def canonical_answers(answers: Mapping[str, Any], *, can: frozenset[Ability] = EVERYTHING) -> dict[str, Any]:
    """Return the answers of a tip in canonical form; see `canonical`."""
    if "type" not in can:
        answers = {step: _spoken_form(step, value) for step, value in answers.items() if step not in _UNITS}
    if "send" not in can:
        answers = {step: value for step, value in answers.items() if step != _FILM_SOUND}
    place = answers.get(_PLACE)
    if isinstance(place, Mapping) and "point" not in can:
        return {**answers, _PLACE: {name: v for name, v in place.items() if name not in {"latitude", "longitude"}}}
    return dict(answers)


def _spoken_form(step: str, value: Any) -> Any:
    if step in _SPOKEN_STEPS:
        return _ANSWERED
    if step == _PLACE:
        return _ANSWERED
    return value


def _accused(accused: Mapping[str, str] | None, can: frozenset[Ability]) -> Mapping[str, str] | None:
    if accused is None or "type" in can:
        return accused
    return {"level": accused["level"]}


def _file(file: Mapping[str, Any], can: frozenset[Ability]) -> dict[str, Any]:
    names = ("ordinal", "role", "mime", "sha256", "caption") if "send" in can else ("role",)
    return {name: file[name] for name in names}
