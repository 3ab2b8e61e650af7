"""The summary of the answers that the tipster checks in the review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from satark.dialogue.turn.context import TurnContext
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark_words.graphemes import truncate

SUMMARY_LENGTH: Final = 620
"""Characters that all answers of a summary may take together, so that it fits the body of a message with buttons."""
SMS_SUMMARY_LENGTH: Final = 110
"""The same of a text message, which is paid for by its length: whoever reads it has just written it."""
_SHORTEST: Final = 24
_LONGEST: Final = 240


def summary(context: TurnContext) -> str:
    """List the answers, one a line; long ones are truncated. A caller is not told that they spoke."""
    answers, texts = context.session.answers, context.catalogue
    shown = []
    for step in context.progress.path:
        answer = answers.get(step.id)
        if answer is None or step.type.part not in ASKED_PARTS or (answer.value is None and not answer.evidence):
            continue
        if context.session.channel == "voice" and _is_recording(answer.value):
            continue
        name = texts.text(texts.own(f"{step.id}.name", context.session.channel))
        shown.append((name, step.type.show(step, answer.value, context.view(step))))
    length = SMS_SUMMARY_LENGTH if context.session.channel == "sms" else SUMMARY_LENGTH
    share = length // max(1, len(shown))
    bullet = "" if context.session.channel == "sms" else "• "
    return "\n".join(f"{bullet}{name}: {_shortened(text, share - len(name))}" for name, text in shown)


def _is_recording(value: Any) -> bool:
    return isinstance(value, Mapping) and "voice" in value and "text" not in value


def _shortened(text: str, share: int) -> str:
    return truncate(" ".join(text.split()), max(_SHORTEST, min(share, _LONGEST)))
