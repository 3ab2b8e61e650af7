"""What every virtual user of a chat does on any medium: read messages, find offers, and answer a whole flow."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import msgspec

from satark_testing.waiting import LIMIT_SECONDS
from satark_testing.whatsapp.messages import Offer


class Heard(Protocol):
    """A message of the bot, as a phone shows it."""

    @property
    def text(self) -> str:
        """The text of the message."""

    @property
    def offers(self) -> Sequence[Offer]:
        """The buttons and rows under the message, in order."""


H = TypeVar("H", bound=Heard)

RECEIPT = re.compile(r"(?<!\d)\d{4}(?:[ \u00a0\u2009\u202f–-]\d{4}){3}(?!\d)")
"""A receipt code: four groups of four digits, in any script."""
_NUMBER = re.compile(r"(?<![0-9A-Z-])(?=[0-9-]*[A-Z])[0-9A-Z]{4}-[0-9A-Z]{4}(?![0-9A-Z-])")


class Photo(msgspec.Struct, frozen=True):
    """A file to send: its bytes, its type, and how it is sent (image, video, audio, voice, document)."""

    data: bytes
    mime: str = "image/jpeg"
    kind: str = "image"
    caption: str | None = None
    name: str | None = None
    """The file's name, which is sent with a document or by a browser."""


class Place(msgspec.Struct, frozen=True):
    """A location to send, in degrees."""

    latitude: float
    longitude: float
    name: str | None = None


Reply: TypeAlias = str | Photo | Place
"""A label or token of an offer (which is tapped), any other text (which is typed), a file or a location."""

Answers: TypeAlias = Mapping[str, Reply | Sequence[Reply]]
"""Regular expression over a question (its text and labels) → the answer, or a list with one answer per repetition."""


class LostError(AssertionError):
    """The citizen can't continue."""


class Walker(ABC, Generic[H]):
    """One user of a chat. Use it as `async with`, or call `leave` at the end.

    Args:
        patience: seconds to wait for an answer of the bot.
    """

    def __init__(self, patience: float = LIMIT_SECONDS) -> None:
        self.heard: list[H] = []
        """Every message of the bot that was read so far."""
        self._leave: list[Callable[[], None]] = []
        """Functions that end each subscription."""
        self._patience = patience
        self._inbox: asyncio.Queue[H] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        """Return itself; `leave` runs at the end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Stop listening. No further message is read."""
        while self._leave:
            self._leave.pop()()

    @abstractmethod
    async def say(self, text: str) -> str:
        """Type a message; return its id."""

    @abstractmethod
    async def tap(self, choice: str) -> str:
        """Tap the offer with this label or token in the last message with offers; return the tap's id."""

    @abstractmethod
    async def pin(self, place: Place) -> str:
        """Send a location; return the message's id."""

    @abstractmethod
    async def send(self, photo: Photo) -> str:
        """Send a file; return the message's id."""

    @property
    def last(self) -> H:
        """The last message read."""
        if not self.heard:
            raise LostError("nothing was heard yet")
        return self.heard[-1]

    async def hear(self) -> H:
        """Wait for the bot's next message.

        Raises:
            LostError: no message came in time.
        """
        try:
            async with asyncio.timeout(self._patience):
                self.heard.append(await self._inbox.get())
        except TimeoutError:
            raise LostError(f"no answer after: {self.heard[-1].text if self.heard else '(nothing)'}") from None
        return self.last

    def unread(self) -> int:
        """Number of messages that are not read yet."""
        return self._inbox.qsize()

    def offer(self, choice: str) -> Offer | None:
        """Find an offer by its token, its label or the label's beginning, in the last message with offers."""
        offers = next((sent.offers for sent in reversed(self.heard) if sent.offers), ())
        exact = (offer for offer in offers if choice in (offer.token, offer.label))
        begun = (offer for offer in offers if offer.label.startswith(choice))
        return next(exact, None) or next(begun, None)

    def offered(self, choice: str) -> Offer:
        """Find an offer as `offer` does.

        Raises:
            LostError: no such offer exists.
        """
        found = self.offer(choice)
        if found is None:
            raise LostError(f"nothing like {choice!r} is offered")
        return found

    async def reply(self, reply: Reply) -> str:
        """Answer: tap the answer if it is offered, otherwise type or send it; return its id."""
        if isinstance(reply, Photo):
            return await self.send(reply)
        if isinstance(reply, Place):
            return await self.pin(reply)
        if self.heard and self.last.offers and self.offer(reply):
            return await self.tap(reply)
        return await self.say(reply)

    async def walk(self, answers: Answers, *, greeting: str = "Hi", most: int = 60) -> str:
        """Greet the bot and answer its questions until a receipt comes; return its code, sixteen ASCII digits.

        Raises:
            LostError: no receipt after `most` messages, no answer in time, or a question that no pattern knows.
        """
        script = _Script(answers)
        await self.say(greeting)
        for _ in range(most):
            heard = await self.hear()
            code = receipt_in(heard.text)
            if code:
                return code
            reply = script.answer(heard)
            if reply is not None:
                await self.reply(reply)
            elif heard.offers:
                raise LostError(f"no answer to: {heard.text} {[offer.label for offer in heard.offers]}")
        raise LostError(f"no receipt after {most} messages")


class _Script:
    """Answers by question. A list gives one answer per repetition; its last answer is used for all further ones."""

    def __init__(self, answers: Answers) -> None:
        queues = (deque([one] if isinstance(one, str | Photo | Place) else one) for one in answers.values())
        self._answers = [*zip(map(re.compile, answers), queues, strict=True)]

    def answer(self, heard: Heard) -> Reply | None:
        """Find the answer to a question; None if no pattern matches it."""
        question = "\n".join((heard.text, *(offer.label for offer in heard.offers)))
        for pattern, replies in self._answers:
            if pattern.search(question):
                return replies.popleft() if len(replies) > 1 else replies[0]
        return None


def receipt_in(text: str) -> str:
    """Find a receipt code in a message; return sixteen ASCII digits, or an empty string."""
    found = RECEIPT.search(text)
    return "".join(str(int(digit)) for digit in found[0] if digit.isdigit()) if found else ""


def tip_number_in(text: str) -> str:
    """Find a tip's number in a message; return `XXXX-XXXX`, or an empty string."""
    found = _NUMBER.search(text)
    return found[0] if found else ""
