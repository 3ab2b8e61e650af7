"""A flow: the questionnaire as data, checked, and named by the hash of its structure."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from satark.api.flow import Condition, Step
from satark.api.tip import Priority
from satark.dialogue.flow.declarations import steps_by_meaning
from satark_words.catalogues import Catalogues


class FlowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a flow, and where."""

    text: str
    step: str = ""
    language: str = ""
    channel: str = ""

    def __str__(self) -> str:
        where = [f"{kind} {name!r}" for kind, name in self._where() if name]
        return f"{', '.join(where)}: {self.text}" if where else self.text

    def _where(self) -> tuple[tuple[str, str], ...]:
        return ("step", self.step), ("language", self.language), ("channel", self.channel)


class FlowError(ValueError):
    """A flow can't be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[FlowProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class FlowSource(msgspec.Struct, frozen=True, kw_only=True):
    """A flow as it is written: the YAML and the catalogues of its languages."""

    name: str
    text: str
    catalogues: Catalogues
    offered: tuple[str, ...] = ()
    """The languages of a flow that lists none. Empty: every language that has a catalogue."""


class Flow:
    """A checked flow. `canonical` is its structure as canonical JSON, `hash` the SHA-256 of that, in hex."""

    def __init__(
        self,
        name: str,
        languages: Sequence[str],
        steps: Sequence[Step],
        priority: Mapping[Priority, Condition],
        *,
        accuses: str = "",
        flags: Mapping[str, Condition] | None = None,
    ) -> None:
        self.name = name
        self.languages = tuple(languages)
        self.only_language = self.languages[0] if len(self.languages) == 1 else ""
        """The only language, if the flow has one; nobody is asked for it then."""
        self.steps = tuple(steps)
        self.priority = dict(priority)
        self.accuses = accuses
        """`nobody` if the flow declares that no tip is about the police."""
        self.flags = dict(flags or {})
        """Reason shown to the desk → the condition under which it applies."""
        self.by_id = {step.id: step for step in self.steps}
        self.meanings = steps_by_meaning(self.steps)
        """Meaning → id of the step that has it."""
        self.canonical = self._canonical()
        self.hash = hashlib.sha256(self.canonical).hexdigest()

    def _canonical(self) -> bytes:
        document = {
            "name": self.name,
            "languages": self.languages,
            "priority": {level: condition.source for level, condition in self.priority.items()},
            "flags": {name: condition.source for name, condition in self.flags.items()},
            "accuses": self.accuses,
            "steps": [_plain(step) for step in self.steps],
        }
        return msgspec.json.encode(document, order="sorted")


def _plain(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": step.id, "type": step.type.name}
    if step.when:
        plain["when"] = step.when.source
    if step.check:
        plain["check"] = step.check
    for name in ("detail", "skip"):
        if getattr(step, name):
            plain[name] = True
    if step.means:
        plain["means"] = step.means
    if step.promises:
        plain["promises"] = step.promises
    if accuses := step.accuses or step.names:
        plain["accuses"] = accuses
    return {**msgspec.to_builtins(step.settings), **plain}
