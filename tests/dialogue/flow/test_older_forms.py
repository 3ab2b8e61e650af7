"""Sessions that began before an upgrade go on: flows that an older version stored are built again."""

from __future__ import annotations

import msgspec

from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.declarations import steps_by_meaning
from satark.dialogue.flow.loader import default_flow, load_flow


def test_a_form_in_which_ids_alone_had_a_meaning_is_built_with_the_same_meanings() -> None:
    flow = load_flow(default_flow())
    document = msgspec.json.decode(flow.canonical)
    for step in document["steps"]:
        step.pop("means", None)
    older = rebuild_flow(msgspec.json.encode(document))
    assert steps_by_meaning(older.steps) == steps_by_meaning(flow.steps)


def test_a_form_of_today_is_built_as_it_is() -> None:
    flow = load_flow(default_flow())
    assert rebuild_flow(flow.canonical).canonical == flow.canonical
