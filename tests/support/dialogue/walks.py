"""Conversations through the default flow, up to one of its questions."""

from __future__ import annotations

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.geography.geography import Geography

SAID_UNTIL = {
    "language": (),
    "category": ("Hi", "2"),
    "what": ("Hi", "2", "daru"),
    "place": ("Hi", "2", "daru", "They sell it every night"),
    "police": ("Hi", "2", "daru", "They sell it every night", "Lanka"),
    "review": ("Hi", "2", "daru", "They sell it every night", "Lanka", "no", "skip"),
}
"""Question of the default flow → the messages that lead to it."""


def new_chat() -> Chat:
    """Begin a conversation through the default flow, with the sample geography."""
    source = default_flow()
    return Chat(Engine(load_flow(source), source.catalogues, Geography.sample()))


def at_police(chat: Chat, language: str = "2", category: str = "daru") -> Chat:
    """Answer up to the question after the place."""
    return chat.say("Hi", language, category, "They sell it behind the school", "Assi ghat")


def at_evidence(chat: Chat) -> Chat:
    """Answer up to the question for files, accusing no policeman."""
    return at_police(chat).say("no")


def at_review(chat: Chat) -> Chat:
    """Answer up to the review, without files."""
    return at_evidence(chat).say("skip")
