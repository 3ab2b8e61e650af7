"""Those who speak instead of writing: when prompts are read out, and what becomes of a recording at a choice.

Nobody's speech is recognised. A recording is kept with the tip, and a choice is asked again, to be tapped.
"""

from __future__ import annotations

from typing import Final

from satark.api.channel import Event, Media, Text
from satark.dialogue.session import GivenAnswer, Turn
from satark.dialogue.turn.context import TurnContext

_READER_WORDS: Final = 3
"""Words of a typed text from which on its sender reads, if prompts are read out only because they once spoke."""


def notice_voice(context: TurnContext, event: Event) -> None:
    """Have prompts read out from the first voice note on, until words are typed; where it was chosen, to the end."""
    session = context.session
    if not session.speaks:
        return
    if isinstance(event, Media) and event.kind == "voice" and not session.aloud:
        context.change(aloud="spoke")
    elif isinstance(event, Text) and session.aloud == "spoke" and len(event.body.split()) >= _READER_WORDS:
        context.change(aloud="")


def keep_recording(context: TurnContext, event: Event) -> Turn | None:
    """Keep a voice note that came where something is to be chosen, and ask again; None: it is an answer, or a message.

    It may tell the story, or only the choice: so the story is asked for later all the same, and can then be ended with
    one tap.
    """
    session = context.session
    if not (isinstance(event, Media) and event.kind == "voice" and session.speaks):
        return None
    _, question = context.state.question(context)
    if session.submitted or session.mailbox or question.wants != "choice":
        return None
    opening = context.loaded.opening_step
    ordinal = context.add_file(event, opening or context.loaded.evidence_step)
    if opening:
        _add_to_opening(context, opening, ordinal)
    context.say("aloud.kept")
    return context.ask()


def _add_to_opening(context: TurnContext, opening: str, ordinal: str) -> None:
    name = opening if opening in context.session.answers else f"@{opening}"
    old = context.session.answers.get(name, GivenAnswer({"voice": ordinal}))
    evidence = (*old.evidence, ordinal)
    context.set_answer(name, GivenAnswer(old.value, old.source or context.source, evidence, joined=True))
