"""Builds a flow from plain data, and lists every problem of its structure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from satark.api.flow import Condition, Step, StepType, Validator
from satark.api.tip import Priority
from satark.dialogue.flow.conditions import ConditionError, parse_condition
from satark.dialogue.flow.declarations import (
    accusation_problems,
    meaning_problems,
    read_accuses,
    read_means,
    read_promises,
)
from satark.dialogue.flow.definition import Flow, FlowError, FlowProblem
from satark.dialogue.steps.structure_steps import BUILT_IN_STEP_TYPES

_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,24}")
RESERVED_IDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "language", "option", "command", "status"}
)
_COMMON_FIELDS: Final = frozenset({"id", "type", "when", "detail", "skip", "check", "means", "accuses", "promises"})


class FlowDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flow's YAML, or its canonical form: steps are still plain data."""

    steps: list[dict[str, Any]]
    languages: list[str] | None = None
    """None: every language that has a catalogue."""
    name: str = ""
    priority: dict[Priority, str] = {}
    flags: dict[str, str] = {}
    """Reason shown to the desk → the condition under which it applies."""
    accuses: Literal["", "nobody"] = ""
    """`nobody`: no tip of this flow is about the police."""


def build_flow(document: FlowDocument, step_types: Iterable[StepType], validators: Mapping[str, Validator]) -> Flow:
    """Build a flow from plain data.

    Raises:
        FlowError: its structure is wrong; every problem is listed.
    """
    builder = _Builder({kind.name: kind for kind in (*BUILT_IN_STEP_TYPES, *step_types)}, validators)
    builder.add_steps(document.steps, "")
    priority = {level: builder.condition(text, "priority") for level, text in document.priority.items()}
    flags = {name: builder.condition(text, "flags") for name, text in document.flags.items()}
    builder.check_flags(flags)
    if not document.languages:
        builder.report("a flow needs a language")
    problems = (*accusation_problems(builder.steps, document.accuses), *meaning_problems(builder.steps))
    for step, text in problems:
        builder.report(text, step)
    if builder.problems:
        raise FlowError(builder.problems)
    conditions = {level: condition for level, condition in priority.items() if condition}
    reasons = {name: condition for name, condition in flags.items() if condition}
    languages = document.languages or ()
    return Flow(document.name, languages, builder.steps, conditions, accuses=document.accuses, flags=reasons)


def rebuild_flow(
    canonical: bytes, step_types: Iterable[StepType] = (), validators: Mapping[str, Validator] | None = None
) -> Flow:
    """Build a flow again from its canonical form, so that sessions that are pinned to it can go on.

    Raises:
        FlowError: a step type or validator that the flow needs no longer exists, or the bytes are not a canonical form.
    """
    try:
        document = msgspec.json.decode(canonical, type=FlowDocument)
    except msgspec.MsgspecError as error:
        raise FlowError([FlowProblem(text=str(error))]) from error
    return build_flow(document, step_types, validators or {})


class _Builder:
    """Makes steps from plain data and collects all their problems."""

    def __init__(self, types: Mapping[str, StepType], validators: Mapping[str, Validator]) -> None:
        self._types = types
        self._validators = validators
        self.steps: list[Step] = []
        self.problems: list[FlowProblem] = []

    def report(self, text: str, step: str = "") -> None:
        self.problems.append(FlowProblem(text=text, step=step))

    def add_steps(self, raw: Iterable[Mapping[str, Any]], outer: str) -> None:
        for data in raw:
            own = str(data.get("when", ""))
            when = f"({outer}) and ({own})" if outer and own else outer or own
            if data.get("type") == "branch":
                self._add_branch(data, when)
            else:
                self._add_step(data, when)

    def check_flags(self, names: Iterable[str]) -> None:
        for name in names:
            if not _ID.fullmatch(name):
                self.report(f"the flag {name!r} is not up to 24 small letters, digits and _", "flags")

    def condition(self, source: str, step: str) -> Condition | None:
        if not source:
            return None
        try:
            return parse_condition(source)
        except ConditionError as error:
            self.report(f"the condition {source!r} is refused: {error}", step)
        return None

    def _add_branch(self, data: Mapping[str, Any], when: str) -> None:
        inner = data.get("steps")
        if not when or not isinstance(inner, list) or not all(isinstance(step, Mapping) for step in inner):
            self.report("a branch needs `when` and `steps`", str(data.get("id", "")))
            return
        self.add_steps(inner, when)

    def _add_step(self, data: Mapping[str, Any], when: str) -> None:
        name = str(data.get("id", ""))
        kind = self._types.get(str(data.get("type", "")))
        self._check_id(name)
        if kind is None:
            known = ", ".join(sorted(self._types))
            self.report(f"the type {data.get('type')!r} is not known ({known}, branch)", name)
            return
        accuses, names = read_accuses(data, lambda text: self.report(text, name))
        self.steps.append(
            Step(
                id=name,
                type=kind,
                settings=self._settings(kind, data, name),
                when=self.condition(when, name),
                detail=self._flag(data, "detail", name),
                skip=self._flag(data, "skip", name),
                check=str(data.get("check", "")),
                validator=self._validator(data, name),
                means=read_means(data, lambda text: self.report(text, name)),
                accuses=accuses,
                promises=read_promises(data, lambda text: self.report(text, name)),
                names=names,
            )
        )

    def _check_id(self, name: str) -> None:
        if not _ID.fullmatch(name) or name in RESERVED_IDS:
            rule = "an id is up to 24 small letters, digits and _, begins with a letter and is no reserved word"
            self.report(rule, name)
        if name in {step.id for step in self.steps}:
            self.report("the id occurs twice", name)

    def _settings(self, kind: StepType, data: Mapping[str, Any], step: str) -> Any:
        own = {key: value for key, value in data.items() if key not in _COMMON_FIELDS}
        try:
            settings = msgspec.convert(own, kind.settings)
        except msgspec.ValidationError as error:
            self.report(f"{error} (yes, no, on, off are truth values in YAML: write them in quotes)", step)
            return kind.settings()
        self._check_codes(getattr(settings, "options", ()), step)
        return settings

    def _check_codes(self, codes: Sequence[str], step: str) -> None:
        for code in codes:
            if not _CODE.fullmatch(code):
                self.report(f"the option {code!r} is not a code (up to 24 letters, digits, _ and -)", step)
        if len(set(codes)) < len(codes):
            self.report("an option occurs twice", step)

    def _flag(self, data: Mapping[str, Any], name: str, step: str) -> bool:
        value = data.get(name, False)
        if not isinstance(value, bool):
            self.report(f"`{name}` is true or false", step)
        return value is True

    def _validator(self, data: Mapping[str, Any], step: str) -> Validator | None:
        name = data.get("check")
        if name is not None and name not in self._validators:
            known = ", ".join(sorted(self._validators)) or "there is none"
            self.report(f"the check {name!r} is not known ({known})", step)
        return self._validators.get(str(name))
