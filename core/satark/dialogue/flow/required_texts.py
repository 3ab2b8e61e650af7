"""The texts that a flow needs in every language: those of its steps, and the engine's with their `{placeholders}`."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from satark.api.tip import STATUSES
from satark.dialogue.flow.command_words import COMMANDS
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark_words.catalogues import Catalogue, Catalogues

_LISTED: Final = msgspec.yaml.decode((files("satark.dialogue.flow") / "required_texts.yaml").read_bytes())
REQUIRED_TEXTS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_LISTED["plain"].split(), frozenset[str]()),
    **dict.fromkeys((f"command.{name}" for name in COMMANDS), frozenset[str]()),
    **dict.fromkeys((f"status.{status}" for status in STATUSES), frozenset[str]()),
    **dict.fromkeys((f"status.{status}.text" for status in STATUSES), frozenset[str]()),
    **{name: frozenset(places.split()) for name, places in _LISTED["with_places"].items()},
}
"""The engine's texts: message id → exactly the placeholders that its text must have."""

BUTTON_TEXTS: Final = frozenset(name for name in REQUIRED_TEXTS if name.startswith("command.")) | {
    *_LISTED["buttons"].split()
}
"""Those of `REQUIRED_TEXTS` that stand on buttons."""


def missing_texts(flow: Flow, catalogues: Catalogues) -> list[FlowProblem]:
    """List the texts that a flow's languages lack: those of its steps, and those of the engine."""
    problems = [
        FlowProblem(text="there is no catalogue for it", language=language)
        for language in flow.languages
        if language not in catalogues
    ]
    for catalogue in (catalogues[language] for language in flow.languages if language in catalogues):
        problems += [*_missing_of_steps(flow, catalogue), *_missing_of_engine(catalogue)]
    return problems


def _missing_of_steps(flow: Flow, catalogue: Catalogue) -> Iterator[FlowProblem]:
    for step in flow.steps:
        for keys in step.type.keys(step):
            if not any(key in catalogue for key in keys):
                text = f"the text {keys[0]!r} is missing"
                yield FlowProblem(text=text, step=step.id, language=catalogue.language)


def _missing_of_engine(catalogue: Catalogue) -> Iterator[FlowProblem]:
    for key, places in REQUIRED_TEXTS.items():
        try:
            found = catalogue.places(key)
        except ValueError:
            found = frozenset({"?"})
        if key not in catalogue:
            yield FlowProblem(text=f"the text {key!r} is missing", language=catalogue.language)
        elif found != places:
            wanted = " ".join(f"{{{name}}}" for name in sorted(places)) or "none"
            yield FlowProblem(text=f"the text {key!r} must have the places {wanted}", language=catalogue.language)
