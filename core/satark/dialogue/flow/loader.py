"""Load a flow: from YAML and catalogues to a checked questionnaire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from satark.api.flow import StepType, Validator
from satark.dialogue.flow.builder import FlowDocument, build_flow
from satark.dialogue.flow.definition import Flow, FlowError, FlowProblem, FlowSource
from satark.dialogue.flow.reachability import path_problems
from satark.dialogue.flow.required_texts import missing_texts
from satark_words.catalogues import CatalogueError, Catalogues
from satark_words.languages import OFFERED


def load_flow(
    source: FlowSource, step_types: Iterable[StepType] = (), validators: Mapping[str, Validator] | None = None
) -> Flow:
    """Load a flow and check its structure and its texts; `check_flow` checks it against the channels besides.

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
    problems = [*on_the_way, *missing_texts(flow, source.catalogues)]
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

    It is offered in the languages that it names; else in these, and in those that lie beside it.

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


def _named_languages(text: str) -> tuple[str, ...]:
    try:
        return msgspec.yaml.decode(text.encode(), type=_Names).languages or ()
    except msgspec.MsgspecError:
        return ()  # what is wrong with it is said when it is loaded
