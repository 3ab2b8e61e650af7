"""The reference pages of events and texts are complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import pytest

import reference_flow
from satark.api.observability import MEANINGS, Kind
from satark.cli.flow import MEDIA
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_words.catalogues import Catalogues

CORE: Final = Path(__file__).parents[2] / "core/satark"
SUFFIXES: Final = (".words", ".description", *(f".{channel}" for channel, _ in MEDIA), ".aloud")
"""Suffixes of a text's further wordings, which the page explains."""


def emitted() -> Iterator[str]:
    """Return the names of events that the core emits as string literals."""
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"LifecycleEvent", "self._count"}:
                yield from (
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )


@pytest.mark.slow("every event")
def test_every_documented_event_is_emitted_and_every_emitted_event_documented() -> None:
    assert list(MEANINGS) == list(get_args(Kind))
    assert set(get_args(Kind)) <= set(emitted())


def test_every_documented_text_belongs_to_a_step_or_to_the_engine() -> None:
    source = default_flow()
    steps = load_flow(source).steps
    listed = set(re.findall(r"`([\w.]+)`", reference_flow.texts()))
    listed |= {key for step in steps for keys in step.type.keys(step) for key in keys}
    english = Catalogues.of("satark.dialogue")["en"]
    assert [key for key in english if key not in listed and not key.endswith(SUFFIXES)] == []


def test_the_page_on_texts_explains_every_suffix() -> None:
    page = (CORE.parents[1] / "docs/reference/texts.md").read_text("utf-8").partition("<!-- generated")[0]
    assert [suffix for suffix in SUFFIXES if suffix[1:] not in page] == []
