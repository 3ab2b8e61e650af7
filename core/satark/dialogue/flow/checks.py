"""Checks a flow: tries every path through it, and measures every prompt in every language on every channel."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

import msgspec

from satark.api.flow import Question, Step, Values, View
from satark.api.prompt import Capabilities, make_token
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark.dialogue.flow.required_texts import BUTTON_TEXTS, REQUIRED_TEXTS, missing_texts
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from satark_words.graphemes import size

_WEBSITE_LENGTH = 60
"""Number of characters that texts must leave for a website's address."""
_HIGHEST_REVISION = 36**4
"""A number of prompts that no session reaches, for the longest possible token."""


def check_flow(
    flow: Flow,
    catalogues: Catalogues,
    capabilities: Sequence[tuple[str, Capabilities]],
    geography: Geography | None = None,
) -> list[FlowProblem]:
    """List everything that would go wrong in this flow on these channels.

    The problems are missing texts, texts, labels and tokens over a channel's limit, and steps that can't be reached or
    left.

    Args:
        flow: the flow.
        catalogues: its texts.
        capabilities: each channel's name and what it can show.
        geography: its names are checked too, as options of the steps that list districts or stations.
    """
    problems = [FlowProblem(text=text, step=step) for step, text in path_problems(flow.steps)]
    missing = missing_texts(flow, catalogues)
    if missing:
        return [*problems, *missing]
    for language in flow.languages:
        for channel, shows in capabilities:
            checker = _ChannelChecker(flow, catalogues[language], channel, shows, geography or Geography(()))
            problems += checker.problems()
    return problems


class _ChannelChecker:
    """Checks one language on one channel."""

    def __init__(
        self, flow: Flow, catalogue: Catalogue, channel: str, capabilities: Capabilities, geography: Geography
    ) -> None:
        self._flow = flow
        self._texts = catalogue
        self._channel = channel
        self._shows = capabilities
        self._view = View(
            catalogue=catalogue, geography=geography, channel=channel, now=0, values={}, website="w" * _WEBSITE_LENGTH
        )

    def problems(self) -> Iterator[FlowProblem]:
        """List every problem, those of steps first."""
        said: list[Step] = []
        for step in self._flow.steps:
            if step.type.part == "say":
                said.append(step)
                continue
            for text in self._step(step, said):
                yield self._problem(text, step.id)
            said = []
        for text in self._engine():
            yield self._problem(text)

    def _problem(self, text: str, step: str = "") -> FlowProblem:
        return FlowProblem(text=text, step=step, language=self._texts.language, channel=self._channel)

    def _step(self, step: Step, said: Iterable[Step]) -> Iterator[str]:
        for view in (self._view, msgspec.structs.replace(self._view, files=1)):
            question = step.type.ask(step, view)
            yield from self._text(question, self._longest(said))
            yield from self._options(step, question)
            if step.type.part != "media":
                break

    def _longest(self, said: Iterable[Step]) -> int:
        """Return the length of what may be said before a question: all unconditional texts and the longest other."""
        always, sometimes = 0, 0
        for step in said:
            length = size(step.type.ask(step, self._view).text, self._shows.unit) + 2
            if step.when or step.promises:
                sometimes = max(sometimes, length)
            else:
                always += length
        return always + sometimes

    def _text(self, question: Question, before: int) -> Iterator[str]:
        tappable = (question.options or question.actions) and max(self._shows.buttons, self._shows.rows)
        limit = self._shows.body if tappable else self._shows.text
        length = before + size(question.text, self._shows.unit)
        if length > limit:
            yield f"the question has {length} {self._shows.unit} with what is said before it; {limit} can be shown"

    def _options(self, step: Step, question: Question) -> Iterator[str]:
        for option in question.options:
            yield from self._label(option.label)
            yield from self._fits("description", option.description, self._shows.row_description)
            token = make_token(step.id, option.code, _HIGHEST_REVISION)
            yield from self._fits("token", token, self._shows.token, octets=True)
        if self._shows.rows and question.options:
            yield from self._fits("list button", self._texts.text("list.open"), self._shows.menu_label)
        if self._shows.rows:
            name = self._texts.get(f"{step.id}.name")
            yield from self._fits("name", name, self._shows.row_label)

    def _label(self, label: str) -> Iterator[str]:
        """Check a label; one that is too long for a button goes into a list, where there are lists."""
        limit = self._shows.row_label if self._shows.rows else self._shows.button_label
        yield from self._fits("label", label, limit)

    def _engine(self) -> Iterator[str]:
        for key in REQUIRED_TEXTS:
            text = self._texts.text(key)
            if key in BUTTON_TEXTS:
                yield from self._fits(f"label {key}", text, self._shows.button_label)
            yield from self._fits(f"text {key}", text, self._shows.text)

    def _fits(self, what: str, text: str, limit: int, *, octets: bool = False) -> Iterator[str]:
        """Check a length. A limit of 0 means that the channel has no such element."""
        unit = "bytes" if octets else self._shows.unit
        length = size(text, unit)
        if limit and length > limit:
            yield f"the {what} {text!r} has {length} {unit}; {limit} can be shown"


_OTHER: Final = "\0other"
"""Stands for all values that no condition names."""
_MOST_TOLD_APART: Final = 200
"""Most combinations of answers that are followed at once."""


def path_problems(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """List what is wrong with the paths through a flow, as pairs of step and problem."""
    problems = [*_names(steps), *_dead_ends(steps), *_unreviewed(steps)]
    if problems:
        return problems
    lost = [(step.id, "it can never be reached") for at, step in enumerate(steps) if _is_reached(at, steps) is False]
    open_ends = [("", "the flow can end without a submit step")] if _is_reached(len(steps), steps) else []
    return [*lost, *open_ends]


def _is_reached(at: int, steps: Sequence[Step]) -> bool | None:
    """Tell whether some answers lead to a step, or to the end; None: none of those that were tried.

    There are too many paths through all steps to try each. So only the steps that this depends on are followed, and
    only answers that a later condition reads are told apart.
    """
    goal, told_apart = steps[at : at + 1], True
    walked = _decisive(steps[:at], goal)
    reached: Sequence[Values] = [{}]
    for number, step in enumerate(walked, 1):
        read = _asked_about([*walked[number:], *goal])
        after = _after(step, reached, [*walked, *goal])
        kept = ({name: value for name, value in values.items() if name in read} for values in after)
        different = {repr(values): values for values in kept}
        told_apart = told_apart and len(different) <= _MOST_TOLD_APART
        reached = [*different.values()][:_MOST_TOLD_APART]
    when = goal[0].when if goal else None
    return any(not when or when.holds(values) for values in reached) or (False if told_apart else None)


def _decisive(before: Sequence[Step], goal: Iterable[Step]) -> list[Step]:
    """Return the steps whose answers decide whether the `goal` steps are reached. A submit step ends the path."""
    read, found = _asked_about(goal), []
    for step in reversed(before):
        if step.id in read or step.type.part == "submit":
            read |= _asked_about([step])
            found.append(step)
    return found[::-1]


def _after(step: Step, reached: Iterable[Values], steps: Sequence[Step]) -> Iterator[Values]:
    """Yield the answers after a step, for each answer that it may get."""
    domain = _domain(step, steps)
    for values in reached:
        if step.when and not step.when.holds(values):
            yield values
        elif step.type.part != "submit":
            yield from ({**values, step.id: value} if value != "" else values for value in domain)


def _asked_about(steps: Iterable[Step]) -> frozenset[str]:
    """Names of the steps that the conditions of these steps read."""
    return frozenset(full.partition(".")[0] for step in steps if step.when for full in step.when.constants)


def _domain(step: Step, steps: Sequence[Step]) -> list[Any]:
    """The values of a step that make a difference to any condition."""
    fields = _compared(step.id, steps)
    skipped: list[Any] = [""] if step.skip or step.detail else []
    if not fields:
        return skipped or [""]
    if "" in fields:
        return [*_choices(step, fields[""]), *skipped]
    options = [[(field, value) for value in (*constants, _OTHER)] for field, constants in sorted(fields.items())]
    return [*(dict(row) for row in product(*options)), *skipped]


def _choices(step: Step, constants: frozenset[Any]) -> list[Any]:
    codes = _codes(step)
    if codes is not None:
        unnamed = [code for code in codes if code not in constants]
        return [*(code for code in codes if code in constants), *unnamed[:1]]
    numbers = [n for n in constants if isinstance(n, int | float) and not isinstance(n, bool)]
    around = [n + d for n in numbers for d in (-1, 0, 1)]
    return [*(c for c in constants if c != "" and c not in numbers), *around, _OTHER]


def _compared(name: str, steps: Iterable[Step]) -> dict[str, frozenset[Any]]:
    """Return field → the values that conditions compare with it. The empty field stands for the answer itself."""
    found: dict[str, frozenset[Any]] = {}
    for step in steps:
        constants = step.when.constants if step.when else {}
        for full, values in constants.items():
            owner, _, field = full.partition(".")
            if owner == name:
                found[field] = found.get(field, frozenset()) | values
    return found


def _codes(step: Step) -> tuple[str, ...] | None:
    """Return every value that a choice can have; None: the flow alone does not determine them."""
    codes: Callable[[Step], Sequence[str]] | None = getattr(step.type, "codes", None)
    if codes is None or getattr(step.settings, "source", "") != "" or step.type.name == "choices":
        return None
    return tuple(codes(step))


def _names(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """List conditions on a step that does not exist, comes later, or never has the compared value."""
    known: dict[str, Step] = {}
    for step in steps:
        constants: Mapping[str, frozenset[Any]] = step.when.constants if step.when else {}
        for full in sorted(constants):
            name = full.partition(".")[0]
            if name not in known:
                yield step.id, f"its condition looks at {name!r}, which is not asked before it"
                continue
            codes = _codes(known[name])
            for constant in sorted(map(str, constants[full])):
                if codes is not None and constant not in {"", *codes}:
                    yield step.id, f"its condition compares {name!r} with {constant!r}, which is not an option of it"
        of: str = getattr(step.settings, "of", "")
        if of and getattr(getattr(known.get(of), "settings", None), "source", "") != "districts":
            yield step.id, f"`of` names {of!r}, which asks for no district before it"
        known[step.id] = step


def _unreviewed(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """List the submit steps that could be reached without a review's answer "send"."""
    for before, step in zip((None, *steps), steps, strict=False):
        reviewed = before is not None and before.type.part == "review" and before.when is None
        if step.type.part == "submit" and not reviewed:
            yield step.id, "a review without a condition must stand right before it, so that nothing is sent unasked"


def _dead_ends(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    for step in steps:
        optional = step.skip or step.detail
        codes: Callable[[Step], Sequence[str]] | None = getattr(step.type, "codes", None)
        if step.type.part == "media" and not optional:
            yield step.id, "it can't be left by somebody who has no file: let it be skipped"
        if codes and not codes(step) and not getattr(step.settings, "source", "") and not optional:
            yield step.id, "it can't be left: there is no option to choose"
