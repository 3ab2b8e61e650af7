"""What tipsters send without being asked: a story before the first question, a photo in the middle, a pin afterwards.

None of it is lost: words and voice go to the flow's opening step, a pin to its place step, every other file to the
evidence; and the tipster is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from satark.api.channel import SPOKEN, Media, Pin, Text
from satark.api.flow import AcceptedAnswer
from satark.dialogue.session import GivenAnswer
from satark.dialogue.steps.answer_steps import merge_pin
from satark.dialogue.turn.context import TurnContext

_STORY_WORDS: Final = 3
_STORY_CHARACTERS: Final = 15


def is_story(text: str) -> bool:
    """Whether a text tells something, rather than being a stray word."""
    return len(text.split(maxsplit=_STORY_WORDS)) >= _STORY_WORDS or len(text.strip()) >= _STORY_CHARACTERS


def accept_unsolicited(context: TurnContext, event: Text | Media | Pin) -> bool:
    """Add something that was sent unasked to the tip; False if it can't be read."""
    if isinstance(event, Pin):
        return _add_pin(context, event)
    if isinstance(event, Text):
        _add_words(context, event.body.strip())
    elif event.kind in SPOKEN and _opening_is_open(context):
        _add_voice(context, event)
    else:
        _add_evidence(context, event)
    return True


def warn_of_voice(context: TurnContext, media: Media) -> None:
    """Warn, with the first film of a draft, that its sound may give the tipster away: it is not disguised."""
    if media.kind == "video" and not any(file.kind == "video" for file in context.session.files):
        context.say("file.film")


def join_texts(before: Any, words: str) -> str:
    """Append a message to a text that is there already."""
    return f"{before}\n{words}" if before else words


def _add_evidence(context: TurnContext, media: Media) -> None:
    warn_of_voice(context, media)
    context.add_file(media, context.loaded.evidence_step)
    context.debounce = True
    asks_words = context.step is not None and context.step.type.name == "text"
    if is_story(media.caption) and _opening_is_open(context) and not asks_words:
        _set_opening(context, media.caption.strip())
    context.say("file.kept")


def _add_words(context: TurnContext, words: str) -> None:
    old = context.session.answers.get(context.loaded.opening_step)
    value: Any = old.value if old else None
    if isinstance(value, Mapping):
        _set_opening(context, {**value, "text": join_texts(value.get("text"), words)})
    else:
        _set_opening(context, join_texts(value, words))
    context.say("text.kept")


def _add_voice(context: TurnContext, media: Media) -> None:
    opening = context.loaded.opening_step
    ordinal = context.add_file(media, opening)
    context.set_answer(opening, GivenAnswer({"voice": ordinal}, context.source, (ordinal,)))
    context.say("voice.kept")


def _add_pin(context: TurnContext, pin: Pin) -> bool:
    step = context.loaded.flow.by_id.get(context.loaded.place_step)
    result = step.type.accept(step, pin, context.view(step)) if step else None
    if step is None or not isinstance(result, AcceptedAnswer):
        return False
    old = context.session.answers.get(step.id)
    before = old.value if old and isinstance(old.value, Mapping) else {}
    value = merge_pin(before, result.value)
    context.set_answer(step.id, GivenAnswer(value, context.source, old.evidence if old else ()))
    context.say("pin.kept")
    context.said.append(result.said)
    return True


def _opening_is_open(context: TurnContext) -> bool:
    return bool(context.loaded.opening_step) and context.loaded.opening_step not in context.session.answers


def _set_opening(context: TurnContext, value: Any) -> None:
    opening = context.loaded.opening_step
    old = context.session.answers.get(opening)
    evidence = old.evidence if old else ()
    context.set_answer(opening, GivenAnswer(value, context.source, evidence, joined=old is not None))
