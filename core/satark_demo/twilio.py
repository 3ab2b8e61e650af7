"""Text messages and calls on a simulated phone, posted and answered as by Twilio."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from satark_demo.chat import Chat, NotPossible, Publish
from satark_demo.messages import ChatMessage, SentFile, kind_of
from satark_testing.twilio.api import TwilioMessage, TwilioPeer, new_sid
from satark_testing.twilio.people import Caller, Texter
from satark_testing.whatsapp.citizen import LostError


class SmsChat(Chat):
    """One phone's text messages with the service's number."""

    medium = "sms"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish, lambda post: post())
        self._texter = Texter(peer, service, f"+9199999{number:05}")
        peer.subscribe(self._show_sent, self._texter.number)

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self._texter.number,)

    async def say(self, text: str, *, twice: bool) -> None:
        await self._text(ChatMessage(id=new_sid("SM"), mine=True, text=text), twice=twice)

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        """Send a picture, a recording or a video with a caption (MMS)."""
        message = self.keep(new_sid("MM"), file, caption, kind_of(file.mime, voice=voice))
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

    def _show_sent(self, message: TwilioMessage) -> None:
        """Show a message that the service sent through the API: a notice, or an answer that came after the response."""
        self.show(ChatMessage(id=message.sid, mine=False, text=message.body))


class CallChat(Chat):
    """The keypad of one phone during a call, and the lines that were heard and spoken."""

    medium = "voice"

    def __init__(self, number: int, peer: TwilioPeer, service: str, publish: Publish) -> None:
        super().__init__(str(number), publish)
        self._caller = Caller(peer, service, f"+9199999{number:05}")
        self._lock = asyncio.Lock()
        """Lets the caller do only one thing at a time."""

    def view(self) -> dict[str, Any]:
        """Return everything that the page shows, with the state of the call."""
        return {**super().view(), "call": self._call_state()}

    async def dial(self, *, offer: str, payload: str) -> None:
        """Call the service; the messages of an earlier call are removed."""
        del offer, payload
        self.messages.clear()
        self.files.clear()
        self.publish({"type": "cleared"})
        await self._show_answer(self._caller.dial())

    async def press(self, keys: str) -> None:
        """Press keys; an empty string stands for silence."""
        self._require_call()
        if keys:
            self.show(ChatMessage(id=new_sid("PK"), mine=True, kind="keys", text=keys))
        await self._show_answer(self._caller.press(keys) if keys else self._caller.stay_silent())

    async def file(self, file: SentFile, caption: str, *, voice: bool, twice: bool) -> None:
        """Speak after the beep; the recording ends with the hash key."""
        del caption, voice, twice
        self._require_call()
        if not self._caller.beep:
            raise NotPossible
        recording = ChatMessage(id=new_sid("PR"), mine=True, kind="voice", mime=file.mime)
        self.files[recording.id] = file
        self.show(recording)
        await self._show_answer(self._caller.speak(file.data))

    async def hang_up(self) -> None:
        self._caller.hang_up()
        self._publish_call_state()

    async def _show_answer(self, action: Awaitable[str]) -> None:
        """Execute an action and show the service's next words. If the service does not answer, the call ends."""
        async with self._lock:
            try:
                spoken = await action
            except LostError:
                self._caller.hang_up()
                spoken = ""
        if spoken:
            self.show(ChatMessage(id=new_sid("PS"), mine=False, text=spoken))
        self._publish_call_state()

    def _publish_call_state(self) -> None:
        self.publish({"type": "call", "call": self._call_state()})

    def _call_state(self) -> dict[str, Any]:
        """Return whether the call is active, how many keys the service expects, and whether it expects a recording."""
        caller = self._caller
        return {"up": caller.on_the_line, "keys": caller.keys, "beep": caller.beep}

    def _require_call(self) -> None:
        if not self._caller.on_the_line:
            raise NotPossible
