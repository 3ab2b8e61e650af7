"""Check a flow against the channels that will show it: every prompt, in every language, on every channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from satark.api.choice_tokens import make_token
from satark.api.flow import Question, Step, View
from satark.api.prompt import Capabilities
from satark.dialogue.flow.definition import Flow, FlowProblem
from satark.dialogue.flow.reachability import path_problems
from satark.dialogue.flow.required_texts import BUTTON_TEXTS, REQUIRED_TEXTS, missing_texts
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from satark_words.graphemes import size

_WEBSITE_LENGTH = 60
"""Characters of a website's address for which there is room."""
_HIGHEST_REVISION = 36**4
"""Prompts that no session ever reaches."""


def check_flow(
    flow: Flow,
    catalogues: Catalogues,
    capabilities: Sequence[tuple[str, Capabilities]],
    geography: Geography | None = None,
) -> list[FlowProblem]:
    """List everything that would go wrong in this flow on these channels.

    That is: missing texts, labels and texts over a channel's limit, tokens too long for it, steps that can't be reached
    or left.

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
            checker = _Checker(flow, catalogues[language], channel, shows, geography or Geography(()))
            problems += checker.problems()
    return problems


class _Checker:
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
        """Length of what may be said before a question: all that is always said, and the longest that may be."""
        always, sometimes = 0, 0
        for step in said:
            length = size(step.type.ask(step, self._view).text, self._shows.unit) + 2
            if step.when:
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
        """Check a length. A limit of 0 means that the channel shows no such thing."""
        unit = "bytes" if octets else self._shows.unit
        length = size(text, unit)
        if limit and length > limit:
            yield f"the {what} {text!r} has {length} {unit}; {limit} can be shown"
