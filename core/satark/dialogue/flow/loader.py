"""Reads flows from YAML, and the names of questions, options and categories in their tips."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from satark.api.flow import StepType, Validator
from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark.dialogue.flow.checks import path_problems
from satark.dialogue.flow.consent_words import plain_word_problems
from satark.dialogue.flow.definition import Flow, FlowError, FlowProblem, FlowSource
from satark.dialogue.flow.promises import promise_problems
from satark.dialogue.flow.required_texts import missing_texts
from satark_words.catalogues import Catalogue, CatalogueError, Catalogues
from satark_words.languages import OFFERED


def load_flow(
    source: FlowSource, step_types: Iterable[StepType] = (), validators: Mapping[str, Validator] | None = None
) -> Flow:
    """Load a flow and check its structure and its texts; `check_flow` also checks it against the channels.

    Raises:
        FlowError: anything is wrong with it; every problem is listed, with the step and the language.
    """
    try:
        document = msgspec.yaml.decode(source.text.encode(), type=FlowDocument)
    except msgspec.MsgspecError as error:
        raise FlowError([FlowProblem(text=f"the flow can't be read: {error}")]) from error
    if document.languages is None:
        document = msgspec.structs.replace(document, languages=list(source.offered or source.catalogues.languages))
    flow = build_flow(document, step_types, validators or {})
    on_the_way = [FlowProblem(text=text, step=step) for step, text in path_problems(flow.steps)]
    missing = missing_texts(flow, source.catalogues)
    problems = [*on_the_way, *missing, *plain_word_problems(flow, source.catalogues)]
    problems += promise_problems(flow, source.catalogues)
    if problems:
        raise FlowError(problems)
    return flow


class _Names(msgspec.Struct, frozen=True):
    languages: tuple[str, ...] | None = None


def default_flow(offered: Sequence[str] = OFFERED) -> FlowSource:
    """Return the questionnaire that comes with Satark, in these languages."""
    text = (files("satark.dialogue.flow") / "default.yaml").read_text("utf-8")
    return FlowSource(name="default", text=text, catalogues=Catalogues.of("satark.dialogue"), offered=tuple(offered))


def read_flow(path: Path, offered: Sequence[str] = OFFERED) -> FlowSource:
    """Read a flow file; `<language>.po` files in a folder `texts` beside it override the shipped texts.

    The flow is offered in the languages that it lists; else in `languages` and those of the files beside it.

    Raises:
        FlowError: a file is not what it should be.
        OSError: a file can't be read.
    """
    try:
        catalogues = Catalogues.of("satark.dialogue").beside(path.parent / "texts")
        text = path.read_text("utf-8")
        beside = sorted(file.stem for file in (path.parent / "texts").glob("*.po"))
        languages = _named_languages(text) or tuple(dict.fromkeys((*offered, *beside)))
        return FlowSource(name=path.stem, text=text, catalogues=catalogues, offered=languages)
    except (CatalogueError, UnicodeDecodeError) as error:
        raise FlowError([FlowProblem(text=str(error))]) from error


def configured_flow(path: Path | None, offered: Sequence[str] = OFFERED) -> FlowSource:
    """Read the flow file that the settings name; `path` None: the questionnaire that comes with Satark.

    Raises:
        FlowError, OSError: as for `read_flow`.
    """
    return read_flow(path, offered) if path else default_flow(offered)


def _named_languages(text: str) -> tuple[str, ...]:
    try:
        return msgspec.yaml.decode(text.encode(), type=_Names).languages or ()
    except msgspec.MsgspecError:
        return ()  # what is wrong with it is said when it is loaded


_WRITTEN_FIRST: Final = "en"


class Questionnaire:
    """Names the questions, options and categories in tips. It needs no plugin: its texts and its YAML are enough."""

    def __init__(self, source: FlowSource) -> None:
        self._source = source

    @classmethod
    def shipped(cls) -> Self:
        """Return the questionnaire that comes with Satark."""
        return cls(default_flow())

    @property
    def languages(self) -> tuple[str, ...]:
        return self._source.catalogues.languages

    @property
    def categories(self) -> tuple[str, ...]:
        """The codes of the categories, in the questionnaire's order."""
        return tuple(map(str, self._category.get("options", ())))

    def texts(self, language: str) -> Catalogue:
        """Return the texts in a language, in English where it lacks one; all in English for an unknown language."""
        catalogues = self._source.catalogues
        english = catalogues[_WRITTEN_FIRST]
        return catalogues[language].over(english) if language in catalogues else english

    def category_key(self, code: str) -> str:
        """Return the id of the text that names a category."""
        return f"{self._category.get('id', 'category')}.{code}"

    @cached_property
    def _category(self) -> Mapping[str, Any]:
        document = msgspec.yaml.decode(self._source.text.encode(), type=dict[str, Any])
        steps = _flat(document.get("steps", ()))
        return next((step for step in steps if step.get("means") == "category"), {})


def _flat(steps: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        yield step
        yield from _flat(step.get("steps", ()))
