"""Make a prompt of a question: tokens for its choices, labels for its actions."""

from __future__ import annotations

from functools import lru_cache

from satark.catalogues import Catalogue
from satark.choice_tokens import make_token
from satark.dialogue.session import Session
from satark.dialogue.steps.contract import Question
from satark.dialogue.turn.loaded_flow import LoadedFlow
from satark.prompt import Choice, Prompt


def make_prompt(
    loaded: LoadedFlow, session: Session, name: str, question: Question, *, said: tuple[str, ...] = ()
) -> Prompt:
    """Make the prompt of a question with this id, below what is `said`."""
    texts = loaded.catalogue(session)
    parts = (*said, question.text) if question.text else said

    def commands(*names: str) -> tuple[Choice, ...]:
        return tuple(
            Choice(make_token(name, f"@{command}", session.revision), _label(texts, command, session.channel))
            for command in names
        )

    choices = tuple(
        Choice(make_token(name, option.code, session.revision), option.label, option.description)
        for option in question.options
    )
    return Prompt(
        text="\n\n".join(parts),
        parts=parts,
        language=texts.language,
        choices=choices,
        actions=commands(*question.actions),
        turns=commands("more", "less") if choices else (),
        menu_label=texts.text("list.open") if choices else "",
        wants=question.wants,
        page=session.page,
        aloud=bool(session.aloud),
    )


@lru_cache(maxsize=1024)
def _label(texts: Catalogue, command: str, channel: str) -> str:
    return texts.text(texts.own(f"command.{command}", channel))
