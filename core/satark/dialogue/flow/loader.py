"""Loading a flow: from YAML and catalogues to a checked questionnaire. What others need of flows is found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files

import msgspec

from satark.catalogues import Catalogues
from satark.dialogue.flow.channel_checks import check_flow
from satark.dialogue.flow.definition import (
    Flow,
    FlowDocument,
    FlowError,
    FlowProblem,
    FlowSource,
    build_flow,
    missing_texts,
)
from satark.dialogue.flow.reachability import path_problems
from satark.dialogue.steps.contract import Step, StepType, Validator

__all__ = ["Flow", "FlowError", "FlowProblem", "FlowSource", "Step", "check_flow", "default_flow", "load_flow"]


def load_flow(
    source: FlowSource, step_types: Iterable[StepType] = (), validators: Mapping[str, Validator] | None = None
) -> Flow:
    """Read a flow and check its structure and its texts; `check_flow` holds it against the channels besides.

    Raises:
        FlowError: anything is wrong with it; every problem is listed, with the step and the language.
    """
    try:
        outline = msgspec.yaml.decode(source.text.encode(), type=FlowDocument)
    except msgspec.MsgspecError as error:
        raise FlowError([FlowProblem(text=f"the flow can't be read: {error}")]) from error
    flow = build_flow(outline, step_types, validators or {})
    ways = [FlowProblem(text=text, step=step) for step, text in path_problems(flow.steps)]
    problems = [*ways, *missing_texts(flow, source.catalogues)]
    if problems:
        raise FlowError(problems)
    return flow


def default_flow() -> FlowSource:
    """The questionnaire that comes with Satark, in Hindi and English."""
    text = (files("satark.dialogue.flow") / "default.yaml").read_text("utf-8")
    return FlowSource(name="default", text=text, catalogues=Catalogues.shipped())
