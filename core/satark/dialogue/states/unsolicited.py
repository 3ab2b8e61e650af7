"""What tipsters send unasked: a story before the first question, a photo in the middle, a pin afterwards.

Nothing of it is lost: words and voice go to the flow's opening step, a pin to its place, every other file to the
evidence; and the tipster is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from satark.channel import SPOKEN, Media, Pin, Text
from satark.dialogue.session import GivenAnswer
from satark.dialogue.steps.answer_steps import merge_pin
from satark.dialogue.steps.contract import AcceptedAnswer
from satark.dialogue.turn.context import TurnContext

_WORDS: Final = 3
_CHARACTERS: Final = 15


def is_story(text: str) -> bool:
    """Whether a text says something, rather than being a stray word."""
    return len(text.split(maxsplit=_WORDS)) >= _WORDS or len(text.strip()) >= _CHARACTERS


def accept_unsolicited(talk: TurnContext, event: Text | Media | Pin) -> bool:
    """Keep something that was sent unasked; False if it can't be read."""
    if isinstance(event, Pin):
        return _pin(talk, event)
    if isinstance(event, Text):
        _words(talk, event.body.strip())
    elif event.kind in SPOKEN and _opening_is_open(talk):
        _voice(talk, event)
    else:
        warn_of_voice(talk, event)
        talk.keep(event, talk.script.evidence)
        talk.settle = True
        if is_story(event.caption) and _opening_is_open(talk) and not _asks_words(talk):
            _set(talk, event.caption.strip())
        talk.say("file.kept")
    return True


def warn_of_voice(talk: TurnContext, media: Media) -> None:
    """Say, with the first film of a draft, that the tipster may be heard in it: its sound is not disguised."""
    if media.kind == "video" and not any(file.kind == "video" for file in talk.session.files):
        talk.say("file.film")


def _opening_is_open(talk: TurnContext) -> bool:
    return bool(talk.script.opening) and talk.script.opening not in talk.session.answers


def _asks_words(talk: TurnContext) -> bool:
    return talk.step is not None and talk.step.type.name == "text"


def _words(talk: TurnContext, words: str) -> None:
    old = talk.session.answers.get(talk.script.opening)
    value: Any = old.value if old else None
    if isinstance(value, Mapping):
        _set(talk, {**value, "text": join_texts(value.get("text"), words)})
    else:
        _set(talk, join_texts(value, words))
    talk.say("text.kept")


def join_texts(before: Any, words: str) -> str:
    return f"{before}\n{words}" if before else words


def _set(talk: TurnContext, value: Any) -> None:
    old = talk.session.answers.get(talk.script.opening)
    talk.answer(
        talk.script.opening, GivenAnswer(value, talk.source, old.evidence if old else (), joined=old is not None)
    )


def _voice(talk: TurnContext, media: Media) -> None:
    ordinal = talk.keep(media, talk.script.opening)
    talk.answer(talk.script.opening, GivenAnswer({"voice": ordinal}, talk.source, (ordinal,)))
    talk.say("voice.kept")


def _pin(talk: TurnContext, pin: Pin) -> bool:
    step = talk.script.flow.by_id.get(talk.script.place)
    result = step.type.accept(step, pin, talk.view(step)) if step else None
    if step is None or not isinstance(result, AcceptedAnswer):
        return False
    old = talk.session.answers.get(step.id)
    before = old.value if old and isinstance(old.value, Mapping) else {}
    talk.answer(step.id, GivenAnswer(merge_pin(before, result.value), talk.source, old.evidence if old else ()))
    talk.say("pin.kept")
    return True
