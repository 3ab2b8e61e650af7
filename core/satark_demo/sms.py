"""Text messages on a simulated phone: posted as Twilio posts them, answered in the response or by a later message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_demo.chat import Chat, Publish
from satark_demo.messages import ChatMessage, SentFile, kind_of
from satark_demo.photo_metadata import identifying_metadata
from satark_testing.twilio.api import Message, new_sid
from satark_testing.twilio.people import Texter

if TYPE_CHECKING:
    from satark_testing.twilio.api import TwilioPeer


class SmsChat(Chat):
    """One phone's text messages with the service's number."""

    medium = "sms"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self._texter = Texter(peer, service, f"+9199999{number:05}")
        peer.subscribe(self._show_sent, self._texter.number)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses by which the service may know this phone."""
        return (self._texter.number,)

    async def say(self, text: str, *, twice: bool) -> None:
        """Send a text message."""
        await self._text(ChatMessage(id=new_sid("SM"), mine=True, text=text), twice=twice)

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a picture, a recording or a video with a caption (MMS)."""
        kind = kind_of(file.mime, voice=voice)
        metadata = identifying_metadata(file.data) if kind == "image" else ()
        sid = new_sid("MM")
        self.files[sid] = file
        message = ChatMessage(
            id=sid, mine=True, kind=kind, text=caption, mime=file.mime, name=file.name, metadata=metadata
        )
        await self._text(message, (file.data, file.mime), twice=twice)

    async def _text(self, message: ChatMessage, *files: tuple[bytes, str], twice: bool) -> None:
        answers: list[list[str]] = []

        async def post() -> int:
            answers.append(await self._texter.say(message.text, *files, sid=message.id))
            return 200

        await self.send(message, post, twice=twice)
        # A webhook posted twice gets the same answer twice, except what is sent once, such as a receipt.
        for text in dict.fromkeys(text for answer in answers for text in answer):
            self.show(ChatMessage(id=new_sid("SM"), mine=False, text=text))

    def _show_sent(self, message: Message) -> None:
        """Show a message that the service sent by itself: a notice, or an answer that it could not give at once."""
        self.show(ChatMessage(id=message.sid, mine=False, text=message.body))
