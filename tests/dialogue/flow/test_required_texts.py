"""A flow needs every text of its steps and of the engine, in each of its languages."""

from __future__ import annotations

import pytest

from satark.dialogue.flow.definition import FlowError, FlowSource
from satark.dialogue.flow.loader import load_flow
from satark_words.catalogues import Catalogue, Catalogues
from support.dialogue.small_flows import SEND, small_flow


@pytest.mark.parametrize(("key", "text"), [("receipt", "no code"), ("help", "{what}"), ("changed", "{name")])
def test_a_text_with_wrong_placeholders_is_refused(key: str, text: str) -> None:
    with pytest.raises(FlowError, match=f"the text '{key}' must have the places"):
        load_flow(small_flow("- {id: a, type: text}" + SEND, texts={key: text}))


def test_a_missing_engine_text_is_refused() -> None:
    text = "languages: [en]\naccuses: nobody\nsteps: [{id: z, type: submit}]"
    bare = FlowSource(name="t", text=text, catalogues=Catalogues([Catalogue("en", {})]))
    with pytest.raises(FlowError, match="the text 'not_understood' is missing"):
        load_flow(bare)
