"""A flow: the questionnaire as data, checked, and named by the hash of its structure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from satark.catalogues import Catalogue, Catalogues
from satark.dialogue.flow.required_texts import REQUIRED_TEXTS
from satark.dialogue.steps.built_in import BUILT_IN_STEP_TYPES
from satark.dialogue.steps.conditions import Condition, ConditionError, parse_condition
from satark.dialogue.steps.contract import Step, StepType, Validator
from satark.tip import Priority

_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,24}")
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else", "language", "option", "command", "status"})
_COMMON: Final = frozenset({"id", "type", "when", "detail", "skip", "check"})


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


class FlowDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flow's YAML, or its canonical form: steps are still plain data."""

    steps: list[dict[str, Any]]
    languages: list[str]
    name: str = ""
    priority: dict[Priority, str] = {}


class Flow:
    """A checked flow. `canonical` is its structure as canonical JSON, `hash` the SHA-256 of that, in hex."""

    def __init__(
        self, name: str, languages: Sequence[str], steps: Sequence[Step], priority: Mapping[Priority, Condition]
    ) -> None:
        self.name = name
        self.languages = tuple(languages)
        self.steps = tuple(steps)
        self.priority = dict(priority)
        self.by_id = {step.id: step for step in self.steps}
        self.canonical = self._canonical()
        self.hash = hashlib.sha256(self.canonical).hexdigest()

    @classmethod
    def from_canonical(
        cls, canonical: bytes, step_types: Iterable[StepType] = (), validators: Mapping[str, Validator] | None = None
    ) -> Flow:
        """Build a flow again from its canonical form, so that sessions that are pinned to it can go on.

        Raises:
            FlowError: a step type or validator that it needs is not there any more, or it is no canonical form.
        """
        try:
            outline = msgspec.json.decode(canonical, type=FlowDocument)
        except msgspec.MsgspecError as error:
            raise FlowError([FlowProblem(text=str(error))]) from error
        return build_flow(outline, step_types, validators or {})

    def _canonical(self) -> bytes:
        outline = {
            "name": self.name,
            "languages": self.languages,
            "priority": {level: condition.source for level, condition in self.priority.items()},
            "steps": [_plain(step) for step in self.steps],
        }
        return msgspec.json.encode(outline, order="sorted")


def missing_texts(flow: Flow, catalogues: Catalogues) -> list[FlowProblem]:
    """List the texts of a flow that a language lacks: those of its steps, and those of the engine."""
    problems = [
        FlowProblem(text="there is no catalogue for it", language=language)
        for language in flow.languages
        if language not in catalogues
    ]
    for catalogue in (catalogues[language] for language in flow.languages if language in catalogues):
        problems += _missing(flow, catalogue)
    return problems


def _missing(flow: Flow, catalogue: Catalogue) -> Iterator[FlowProblem]:
    for step in flow.steps:
        for keys in step.type.keys(step):
            if not any(key in catalogue for key in keys):
                text = f"the text {keys[0]!r} is missing"
                yield FlowProblem(text=text, step=step.id, language=catalogue.language)
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


def build_flow(outline: FlowDocument, step_types: Iterable[StepType], validators: Mapping[str, Validator]) -> Flow:
    """Make a flow of plain data.

    Raises:
        FlowError: its structure is wrong; every problem is listed.
    """
    builder = _Builder({kind.name: kind for kind in (*BUILT_IN_STEP_TYPES, *step_types)}, validators)
    builder.steps(outline.steps, "")
    priority = {level: builder.condition(text, "priority") for level, text in outline.priority.items()}
    if not outline.languages:
        builder.wrong("a flow needs a language")
    if builder.problems:
        raise FlowError(builder.problems)
    found = {level: condition for level, condition in priority.items() if condition}
    return Flow(outline.name, outline.languages, builder.built, found)


class _Builder:
    """Makes steps of plain data and collects everything that is wrong with them."""

    def __init__(self, types: Mapping[str, StepType], validators: Mapping[str, Validator]) -> None:
        self._types = types
        self._validators = validators
        self.built: list[Step] = []
        self.problems: list[FlowProblem] = []

    def wrong(self, text: str, step: str = "") -> None:
        self.problems.append(FlowProblem(text=text, step=step))

    def steps(self, raw: Iterable[Mapping[str, Any]], outer: str) -> None:
        for data in raw:
            when = _both(outer, str(data.get("when", "")))
            if data.get("type") == "branch":
                self._branch(data, when)
            else:
                self._step(data, when)

    def condition(self, source: str, step: str) -> Condition | None:
        if not source:
            return None
        try:
            return parse_condition(source)
        except ConditionError as error:
            self.wrong(f"the condition {source!r} is refused: {error}", step)
        return None

    def _branch(self, data: Mapping[str, Any], when: str) -> None:
        inner = data.get("steps")
        if not when or not isinstance(inner, list) or not all(isinstance(step, Mapping) for step in inner):
            self.wrong("a branch needs `when` and `steps`", str(data.get("id", "")))
            return
        self.steps(inner, when)

    def _step(self, data: Mapping[str, Any], when: str) -> None:
        name = str(data.get("id", ""))
        kind = self._types.get(str(data.get("type", "")))
        if not _ID.fullmatch(name) or name in _RESERVED:
            self.wrong(
                "an id is up to 24 small letters, digits and _, begins with a letter and is no word of ours", name
            )
        if name in {step.id for step in self.built}:
            self.wrong("the id occurs twice", name)
        if kind is None:
            self.wrong(f"the type {data.get('type')!r} is not known ({', '.join(sorted(self._types))}, branch)", name)
            return
        self.built.append(
            Step(
                id=name,
                type=kind,
                settings=self._settings(kind, data, name),
                when=self.condition(when, name),
                detail=self._flag(data, "detail", name),
                skip=self._flag(data, "skip", name),
                check=str(data.get("check", "")),
                validator=self._check(data, name),
            )
        )

    def _settings(self, kind: StepType, data: Mapping[str, Any], step: str) -> Any:
        own = {key: value for key, value in data.items() if key not in _COMMON}
        try:
            settings = msgspec.convert(own, kind.settings)
        except msgspec.ValidationError as error:
            self.wrong(f"{error} (yes, no, on, off are truth values in YAML: write them in quotes)", step)
            return kind.settings()
        self._codes(getattr(settings, "options", ()), step)
        return settings

    def _codes(self, codes: Sequence[str], step: str) -> None:
        for code in codes:
            if not _CODE.fullmatch(code):
                self.wrong(f"the option {code!r} is not a code (up to 24 letters, digits, _ and -)", step)
        if len(set(codes)) < len(codes):
            self.wrong("an option occurs twice", step)

    def _flag(self, data: Mapping[str, Any], name: str, step: str) -> bool:
        value = data.get(name, False)
        if not isinstance(value, bool):
            self.wrong(f"`{name}` is true or false", step)
        return value is True

    def _check(self, data: Mapping[str, Any], step: str) -> Validator | None:
        name = data.get("check")
        if name is not None and name not in self._validators:
            self.wrong(
                f"the check {name!r} is not known ({', '.join(sorted(self._validators)) or 'there is none'})", step
            )
        return self._validators.get(str(name))


def _both(outer: str, own: str) -> str:
    return f"({outer}) and ({own})" if outer and own else outer or own


def _plain(step: Step) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": step.id, "type": step.type.name}
    if step.when:
        plain["when"] = step.when.source
    if step.check:
        plain["check"] = step.check
    for name in ("detail", "skip"):
        if getattr(step, name):
            plain[name] = True
    return {**msgspec.to_builtins(step.settings), **plain}
