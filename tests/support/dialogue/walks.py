"""Conversations through the default flow, up to one of its questions."""

from __future__ import annotations

from satark_testing.dialogue.chat import Chat


def at_police(chat: Chat, language: str = "2", category: str = "daru") -> Chat:
    """Answer up to the question after the place."""
    return chat.say("Hi", language, category, "They sell it behind the school", "Assi ghat")


def at_evidence(chat: Chat) -> Chat:
    """Answer up to the question for files, accusing no policeman."""
    return at_police(chat).say("no")


def at_review(chat: Chat) -> Chat:
    """Answer up to the review, without files."""
    return at_evidence(chat).say("skip")
