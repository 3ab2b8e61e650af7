"""Text messages on a pretended phone: sent to the webhook as Twilio posts them, answered in its response or later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.demo.bubbles import Bubble, File, kind_of
from satark.demo.chat import Chat, Publish
from satark.demo.traces import traces
from satark.testing.twilio.api import Message, new_sid
from satark.testing.twilio.people import Texter

if TYPE_CHECKING:
    from satark.testing.twilio.api import TwilioPeer


class SmsChat(Chat):
    """One thread of text messages with the service's number."""

    medium = "sms"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self._texter = Texter(peer, service, f"+9199999{number:05}")
        peer.subscribe(self._hear, self._texter.number)

    async def say(self, text: str, *, twice: bool) -> None:
        """Send a text message."""
        await self._text(Bubble(id=new_sid("SM"), mine=True, text=text), twice=twice)

    async def file(self, file: File, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a picture, a sound or a video with a text below it (MMS)."""
        kind = kind_of(file.mime, voice=voice)
        found = traces(file.data) if kind == "image" else ()
        sid = new_sid("MM")
        self.files[sid] = file
        bubble = Bubble(id=sid, mine=True, kind=kind, text=caption, mime=file.mime, name=file.name, traces=found)
        await self._text(bubble, (file.data, file.mime), twice=twice)

    async def _text(self, bubble: Bubble, *files: tuple[bytes, str], twice: bool) -> None:
        answers: list[list[str]] = []

        async def post() -> int:
            answers.append(await self._texter.say(bubble.text, *files, sid=bubble.id))
            return 200

        await self.send(bubble, post, twice=twice)
        # What is posted twice at once is answered twice: alike, but for what is said once, such as a receipt.
        for text in dict.fromkeys(text for answer in answers for text in answer):
            self.show(Bubble(id=new_sid("SM"), mine=False, text=text))

    def _hear(self, message: Message) -> None:
        """Show a message that the service began, or its answer after an outage."""
        self.show(Bubble(id=message.sid, mine=False, text=message.body))
