"""What a whole tip costs in outgoing messages, and by text message in segments: both are paid for one by one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import msgspec

from satark.channel import Event, Tap, Text
from satark.choice_tokens import NEXT_PAGE
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.geography.geography import Geography
from satark.prompt import Prompt
from satark.testing.dialogue.chat import Chat

__all__ = ["TIPS", "TipCosts", "tip_costs"]

TIPS: Final[Mapping[str, Mapping[str, str]]] = {
    "hi": {
        "@language": "1",
        "what": "रात 2 बजे बालू खनन होता है, ट्रैक्टर से ले जाते हैं",
        "place": "लंका, सामने घाट",
        "evidence": "छोड़ें",
    },
    "hi-Latn": {
        "@language": "1",
        "what": "raat 2 baje balu ka khanan hota hai, tractor se le jate hain",
        "place": "lanka, samne ghat",
        "evidence": "chhodo",
    },
    "en": {
        "@language": "2",
        "what": "Sand is dug from the river every night and carried off by tractor",
        "place": "Lanka, Samne Ghat",
        "evidence": "skip",
    },
}
"""Language and script → what one tipster writes at each question; the same tip in each."""
_NUMBERS: Final = {"category": "6", "police": "2", "review": "1", "@reach": "1"}
_MOST_ANSWERS: Final = 20


class TipCosts(msgspec.Struct, frozen=True):
    """What one tip took, from "Hi" to the last word."""

    incoming: int
    """Messages that the tipster sent."""
    outgoing: int
    """Messages that the service sent."""
    segments: int
    """Segments of all these, by text message; 0 on other channels."""


def tip_costs(channel: str, written: str) -> TipCosts:
    """Walk through the questionnaire by the shortest way of somebody who is asked everything, and count.

    Args:
        channel: the channel's name, such as `sms`.
        written: language and script, a key of `TIPS`.

    Raises:
        LookupError: a question has no answer in the script.
    """
    source = default_flow()
    chat = Chat(Engine(load_flow(source), source.catalogues, Geography.sample()), channel)
    counted = _Counter(channel)
    counted.hear(chat, Text("Hi"))
    answers = {**_NUMBERS, **TIPS[written]}
    for _ in range(_MOST_ANSWERS):
        if chat.session is None:
            return counted.costs
        counted.hear(chat, counted.next_page or Text(answers[chat.step]))
    raise LookupError(f"no end after {_MOST_ANSWERS} answers, at {chat.step}")


class _Counter:
    """Shows each prompt as its channel does, and counts."""

    def __init__(self, channel: str) -> None:
        self.costs = TipCosts(0, 0, 0)
        self.next_page: Event | None = None
        """The event that turns the page, where the choices are not all on the one that is shown."""
        self._is_sms = channel == "sms"

    def hear(self, chat: Chat, event: Event) -> None:
        """Give an event to a chat and count what is sent for it."""
        before = len(chat.prompts)
        chat.hear(event)
        texts = [text for prompt in chat.prompts[before:] for text in self._shown(prompt)]
        costs = self.costs
        segments = costs.segments + (sum(map(_plugin("segments").count_segments, texts)) if self._is_sms else 0)
        self.costs = TipCosts(costs.incoming + 1, costs.outgoing + len(texts), segments)

    def _shown(self, prompt: Prompt) -> list[str]:
        if not self._is_sms:
            return [prompt.text]
        paging = _plugin("paging")
        page = paging.fit_to_sms(prompt)
        last = not prompt.choices or f"{len(prompt.choices)} {prompt.choices[-1].label}" in page.text
        self.next_page = None if last or prompt.must_arrive else Tap(NEXT_PAGE)
        return list(paging.split_into_pages(page.text))


def _plugin(module: str) -> Any:
    return import_module(f"satark_sms_ivr.{module}")  # the core imports no plugin
