"""Shows how the dialogue understands words: each message of a phone, and a list of lines that a visitor pastes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from satark.api.channel import Channel
from satark.api.inbound import Address
from satark.dialogue.turn.loaded_flow import ASKED_PARTS
from satark.ingest.sessions import Drafts
from satark.services import Services
from satark_demo.chat import Chat
from satark_words.reading import Reading

MAX_LINES: Final = 1000
"""Maximum number of utterances in one list."""
_MAX_LENGTH: Final = 4096
_OWN_QUESTIONS: Final = ("@language", "@reach", "@cancel", "@restart", "@origin", "@code")
_REVIEW: Final = "review"


class Readings:
    """Reads words as the dialogue does, and describes the readings for the page. It changes no conversation."""

    def __init__(self, channels: Sequence[Channel], drafts: Drafts, services: Services) -> None:
        self._channels = channels
        self._drafts = drafts
        self._services = services

    @property
    def steps(self) -> list[str]:
        """The questions at which a list can be read; those of the flow come first."""
        flow = self._drafts.engine.flow
        return [step.id for step in flow.steps if step.type.part in {*ASKED_PARTS, _REVIEW}] + list(_OWN_QUESTIONS)

    def of_message(self, chat: Chat, words: str, language: str) -> dict[str, Any]:
        """Describe how a phone's next message would be read at the current question of its conversation. Blocks."""
        found = self._services.read(lambda c: next(self._in_conversation(c, chat, words), None))
        reading = found or self._drafts.engine.read_at("@language", words, language)
        return {"text": words, **describe(reading)}

    def _in_conversation(self, connection: Any, chat: Chat, words: str) -> Iterator[Reading]:
        for channel in self._channels:
            for account in channel.accounts if channel.name == chat.medium else ():
                for address in chat.addresses:
                    if reading := self._drafts.read(connection, account, Address(address), words):
                        yield reading

    def of_list(self, step: str, lines: Iterable[str], language: str) -> list[dict[str, Any]]:
        """Describe how each line is read at a step. A line `step | words` names another step. Blocks.

        Raises:
            KeyError: there is no such step.
        """
        return [self._of_line(step, line.strip(), language) for line in list(lines)[:MAX_LINES] if line.strip()]

    def _of_line(self, step: str, line: str, language: str) -> dict[str, Any]:
        named, bar, words = line.partition("|")
        if bar and named.strip() in self.steps:
            step, line = named.strip(), words.strip()
        reading = self._drafts.engine.read_at(step, line[:_MAX_LENGTH], language)
        return {"step": step, "text": line, **describe(reading)}


def describe(reading: Reading) -> dict[str, Any]:
    """Return the shown parts of a reading: its kind, its certainty, and everything that was recognised."""
    opening, place = reading.opening, reading.opening.place
    values = {
        "option": reading.option,
        "command": reading.command,
        "topic": reading.topic,
        "suggested": reading.suggested,
        "category": opening.category,
        "station": place.outpost or place.station or place.district,
        "when": opening.when,
        "police": opening.unit or ("yes" if opening.police else ""),
        "danger": ", ".join(f"{danger.kind} ({' '.join(danger.numbers)})" for danger in reading.dangers),
    }
    marks = {"negated": reading.negated, "asks": reading.asks, "story": reading.story}
    return {
        "kind": str(reading.kind),
        "confidence": reading.confidence.name.lower(),
        "values": {name: value for name, value in values.items() if value},
        "marks": [name for name, holds in marks.items() if holds],
    }
