"""Virtual telephone users: one writes text messages; the other calls, presses keys and speaks."""

import re
from collections import deque
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from satark_testing.twilio.api import TwilioMessage, TwilioPeer, new_sid
from satark_testing.twilio.twiml import read_twiml, said
from satark_testing.whatsapp.citizen import LostError

_OK = 200
_STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
_START = frozenset({"START", "YES", "UNSTOP"})
STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
"""Twilio's own answers to STOP and its synonyms, and to START below. Source: Twilio, "SMS opt-out keywords"."""
STARTED = "You have successfully been re-subscribed to messages from this number."
_CODE = re.compile(r"(?<!\d)(?:\d\D{0,2}){15}\d(?!\d)")


class Texter:
    """A person who writes text messages."""

    def __init__(self, peer: TwilioPeer, service: str, number: str) -> None:
        self.number = number
        self.heard: list[str] = []
        """Every message that came as an answer."""
        self._peer = peer
        self._webhook = f"{service}/sms/webhook"

    async def say(
        self, text: str, *files: tuple[bytes, str], sid: str = "", base: str = "https://api.twilio.com", **more: str
    ) -> list[str]:
        """Send a message, with files (bytes and MIME type); return the messages of the answer.

        Raises:
            LostError: the service does not accept it.
        """
        sid = sid or new_sid("MM" if files else "SM")
        self._peer.messages.setdefault(sid, TwilioMessage(sid, self._peer.number, text))
        form = {**_fields(self._peer, self.number), "MessageSid": sid, "SmsSid": sid, "Body": text, "NumSegments": "1"}
        for number, (data, mime) in enumerate(files):
            form[f"MediaUrl{number}"] = self._peer.add_media(sid, data, mime, base)
            form[f"MediaContentType{number}"] = mime
        status, answer = await self._peer.post(self._webhook, {**form, "NumMedia": str(len(files)), **more})
        if status != _OK:
            raise LostError(f"HTTP {status}")
        told = self._keyword(text)
        if self.number not in self._peer.opted_out:
            messages = read_twiml(answer).iter("Message")
            told += [await self._receive(message) for message in messages]
        self.heard += told
        return told

    def _keyword(self, text: str) -> list[str]:
        """Handle a message that consists of an opt-out keyword as Twilio does; return Twilio's answer."""
        word, stopped = text.strip().upper(), self._peer.opted_out
        if word in _STOP and self.number not in stopped:
            stopped.add(self.number)
            return [STOPPED]
        if word in _START and self.number in stopped:
            stopped.discard(self.number)
            return [STARTED]
        return []

    async def _receive(self, message: ET.Element) -> str:
        """Receive one message of the service's answer. As at Twilio, it is stored and its delivery is reported."""
        kept = TwilioMessage(new_sid("SM"), self.number, said(message))
        self._peer.messages[kept.sid] = kept
        text = kept.body
        if callback := message.get("statusCallback"):
            await _tell_delivered(self._peer, kept, callback)
        return text


class Caller:
    """A person who calls: hears what TwiML says, presses keys, and speaks after the beep."""

    def __init__(self, peer: TwilioPeer, service: str, number: str) -> None:
        self.number = number
        self.heard: list[str] = []
        """The lines of the last answer that were spoken or played."""
        self.lines: list[tuple[str, str]] = []
        """Everything that was spoken so far: locale and line."""
        self.recordings: list[str] = []
        """The ids of the recordings."""
        self.calls: list[str] = []
        """The ids of the calls."""
        self._peer = peer
        self._service = service
        self._call = ""
        self._verbs: deque[ET.Element] = deque()

    @property
    def on_the_line(self) -> bool:
        """Whether the call is active."""
        return bool(self._call)

    @property
    def keys(self) -> int:
        """Number of keys that the service expects; 0: none."""
        waits = self.on_the_line and self._verbs and self._verbs[0].tag == "Gather"
        return int(self._verbs[0].get("numDigits", "1")) if waits else 0

    @property
    def beep(self) -> bool:
        """Whether the caller can speak after a beep now."""
        return self.on_the_line and any(verb.tag == "Record" for verb in self._verbs)

    @property
    def question(self) -> str:
        """The last answer as one text."""
        return "\n".join(self.heard)

    async def dial(self) -> str:
        """Call the service; return what is heard."""
        self._call = new_sid("CA")
        self.calls.append(self._call)
        await self._ask(f"{self._service}/voice/webhook", {"CallStatus": "ringing"})
        return self.question

    async def press(self, keys: str) -> str:
        """Press keys during a prompt or after it; return what is heard next.

        Raises:
            LostError: the service expects no keys.
        """
        gather = self._verbs[0] if self._verbs else None
        if gather is None or gather.tag != "Gather":
            raise LostError(f"no keys are waited for: {self.question}")
        ends = gather.get("finishOnKey", "#")
        digits = keys.split(ends, maxsplit=1)[0] if ends else keys
        await self._ask(gather.attrib["action"], {"Digits": digits[: int(gather.get("numDigits", "99"))]})
        return self.question

    async def speak(self, voice: bytes, *, seconds: int = 4) -> str:
        """Wait for the beep, speak, and end with the hash key; return what is heard next.

        Raises:
            LostError: the service records nothing now.
        """
        while self._verbs and self._verbs[0].tag != "Record":
            self._verbs.popleft()
        if not self._verbs:
            raise LostError(f"nothing is recorded here: {self.question}")
        record = self._verbs[0]
        sid = self._peer.add_recording(voice)
        self.recordings.append(sid)
        told = {
            "RecordingSid": sid,
            "RecordingUrl": f"https://elsewhere.example/{sid}",
            "RecordingDuration": str(seconds),
        }
        await self._ask(record.attrib["action"], {**told, "Digits": "#"})
        await self._peer.post(
            record.attrib["recordingStatusCallback"],
            {"AccountSid": self._peer.account_sid, "RecordingStatus": "completed", **told},
        )
        return self.question

    async def stay_silent(self) -> str:
        """Press no key until the next prompt; return what is heard."""
        if self._verbs:
            self._verbs.popleft()
        self.heard = []
        await self._listen()
        return self.question

    def hang_up(self) -> None:
        """End the call."""
        self._call = ""
        self._verbs.clear()

    async def _ask(self, url: str, told: Mapping[str, str]) -> None:
        form = {
            **_fields(self._peer, self.number),
            "CallSid": self._call,
            "CallStatus": "in-progress",
            "Direction": "inbound",
            "Caller": self.number,
            **told,
        }
        status, answer = await self._peer.post(url, form)
        if status != _OK:
            raise LostError(f"HTTP {status}")
        self._verbs = deque(read_twiml(answer))
        self.heard = []
        await self._listen()

    async def _listen(self) -> None:
        """Execute verbs until one waits for the caller."""
        while self._verbs:
            verb = self._verbs[0]
            if verb.tag in {"Gather", "Record"}:
                self._hear(verb)
                return
            self._verbs.popleft()
            if verb.tag == "Redirect":
                await self._ask(said(verb), {})
                return
            if verb.tag == "Sms":
                message = self._peer.deliver(self.number, said(verb))
                await _tell_delivered(self._peer, message, verb.attrib["statusCallback"])
                continue
            if verb.tag == "Hangup":
                self.hang_up()
                return
            self._hear(verb)

    def _hear(self, verb: ET.Element) -> None:
        for one in verb.iter():
            if one.tag in {"Say", "Play"}:
                self.heard.append(said(one))
                self.lines.append((one.get("language", ""), said(one)))


async def _tell_delivered(peer: TwilioPeer, message: TwilioMessage, callback: str) -> None:
    """Report to the service, as Twilio does, that a message was delivered."""
    form = {**_fields(peer, peer.number), "To": message.to, "MessageSid": message.sid}
    for status in ("sending", "delivered"):
        await peer.post(callback, {**form, "MessageStatus": status})


def code_in(text: str) -> str:
    """Find a receipt code, written in groups or spoken digit by digit; return sixteen digits, or an empty string."""
    found = _CODE.search(text)
    return re.sub(r"\D", "", found[0]) if found else ""


def _fields(peer: TwilioPeer, number: str) -> dict[str, str]:
    """The fields of every webhook. They include the sender's town, which Satark does not ask for."""
    return {
        "AccountSid": peer.account_sid,
        "ApiVersion": "2010-04-01",
        "From": number,
        "To": peer.number,
        "FromCity": "VARANASI",
        "FromState": "UP",
        "FromZip": "",
        "FromCountry": "IN",
    }
