"""Make a prompt of a question: tokens for its choices, labels for its actions."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from satark.api.choice_tokens import make_token
from satark.api.flow import Question
from satark.api.prompt import Choice, Prompt
from satark.dialogue.session import Session
from satark.dialogue.turn.loaded_flow import LoadedFlow
from satark_words.catalogues import Catalogue

_TURNS: Final = ("more", "less")


def make_prompt(
    loaded: LoadedFlow, session: Session, name: str, question: Question, *, said: tuple[str, ...] = ()
) -> Prompt:
    """Make the prompt of a question with this id, below what is `said`."""
    texts = loaded.catalogue(session)
    parts = (*said, question.text) if question.text else said
    choices = tuple(
        Choice(make_token(name, option.code, session.revision), option.label, option.description)
        for option in question.options
    )
    return Prompt(
        text="\n\n".join(parts),
        parts=parts,
        language=texts.language,
        choices=choices,
        actions=_commands(texts, session.channel, name, question.actions, session.revision),
        turns=_commands(texts, session.channel, name, _TURNS, session.revision) if choices else (),
        menu_label=texts.text("list.open") if choices else "",
        wants=question.wants,
        page=session.page,
        aloud=bool(session.aloud),
    )


@lru_cache(maxsize=4096)
def _commands(
    texts: Catalogue, channel: str, question: str, commands: tuple[str, ...], revision: int
) -> tuple[Choice, ...]:
    return tuple(
        Choice(make_token(question, f"@{command}", revision), texts.text(texts.own(f"command.{command}", channel)))
        for command in commands
    )
