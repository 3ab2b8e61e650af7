"""Flows of a few steps, each described in one line, and conversations through them."""

from __future__ import annotations

from satark.dialogue.engine import Engine
from satark.dialogue.flow.definition import FlowSource
from satark.dialogue.flow.loader import load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography

TEXTS = {
    f"{step}.{part}": f"{step} {part}"
    for step in ("a", "b", "c", "files")
    for part in ("ask", "name", "more", "x", "y", "yes", "no")
} | {"hello": "Hello", "r.ask": "{summary}?", "r.send": "Send", "r.details": "More", "r.change": "Change"}
"""Texts for the steps of these flows."""
SEND = "\n- {id: r, type: review}\n- {id: z, type: submit}"
"""The last steps of each flow."""


def small_flow(
    steps: str, top: str = "languages: [en]\naccuses: nobody", texts: dict[str, str] | None = None
) -> FlowSource:
    """Make a flow of English steps, whose texts are their ids unless given."""
    own = Catalogue("en", {**TEXTS, **(texts or {})}).over(Catalogues.of("satark.dialogue")["en"])
    return FlowSource(name="t", text=f"{top}\nsteps:\n{steps}", catalogues=Catalogues([own]))


def small_chat(steps: str, texts: dict[str, str] | None = None) -> Chat:
    """Start a conversation in such a flow."""
    made = small_flow(steps, texts=texts)
    return Chat(Engine(load_flow(made), made.catalogues, Geography.sample()))
