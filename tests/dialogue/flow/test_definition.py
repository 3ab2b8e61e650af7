"""A flow is named by the hash of its structure."""

from __future__ import annotations

from satark.dialogue.flow.loader import load_flow
from support.dialogue.small_flows import SEND, small_flow


def test_the_hash_is_the_structures_and_not_the_wordings() -> None:
    one, other = (
        small_flow("- {id: a, type: text}" + SEND),
        small_flow("- {id: a, type: text}" + SEND, texts={"a.ask": "new"}),
    )
    longer = small_flow("- {id: a, type: text, max: 10}" + SEND)
    assert load_flow(one).hash == load_flow(other).hash != load_flow(longer).hash
