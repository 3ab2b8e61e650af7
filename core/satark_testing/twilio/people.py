"""Virtual telephone users: one writes text messages; the other calls, presses keys and speaks."""

import re
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from xml.etree import ElementTree as ET

from satark_testing.twilio.api import TwilioMessage, TwilioPeer, new_sid
from satark_testing.whatsapp.citizen import LostError

_SAY: Final = frozenset({"voice", "language", "loop"})
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "Response": frozenset(),
    "Say": _SAY,
    "prosody": frozenset({"rate", "volume", "pitch"}),
    "say-as": frozenset({"interpret-as"}),
    "Play": frozenset({"loop", "digits"}),
    "Pause": frozenset({"length"}),
    "Gather": frozenset({
        "input", "action", "method", "timeout", "finishOnKey", "numDigits", "language", "actionOnEmptyResult",
    }),
    "Record": frozenset({
        "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback",
        "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "transcribe",
    }),
    "Redirect": frozenset({"method"}),
    "Hangup": frozenset(),
    "Message": frozenset({"to", "from", "action", "method", "statusCallback"}),
    "Body": frozenset(),
})  # fmt: skip
_WITHIN: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "Response": frozenset({"Say", "Play", "Pause", "Gather", "Record", "Redirect", "Hangup", "Message"}),
    "Gather": frozenset({"Say", "Play", "Pause"}),
    "Say": frozenset({"prosody", "say-as"}),
    "Message": frozenset({"Body"}),
})  # fmt: skip
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = MappingProxyType({
    "timeout": (1, 3600), "numDigits": (1, 99), "maxLength": (1, 14_400), "length": (1, 600), "loop": (0, 1000),
})  # fmt: skip
_WORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "method": frozenset({"GET", "POST"}),
    "recordingStatusCallbackMethod": frozenset({"GET", "POST"}),
    "input": frozenset({"dtmf", "speech", "dtmf speech"}),
    "playBeep": frozenset({"true", "false"}),
    "trim": frozenset({"trim-silence", "do-not-trim"}),
    "interpret-as": frozenset({"characters", "digits"}),
})  # fmt: skip
_MOST_FINISHING: Final[Mapping[str, int]] = MappingProxyType({"Gather": 1, "Record": 12})
"""Maximum number of keys that may end the input of a verb."""
_ADDRESSES: Final = frozenset({"action", "recordingStatusCallback", "statusCallback"})
_EVENTS: Final = frozenset({"in-progress", "completed", "absent"})
_ENDS: Final = frozenset({"Redirect", "Hangup"})
"""Verbs after which the rest of the document is never executed."""
_LARGEST: Final = 64 * 1024
"""Maximum size of a document in bytes (Twilio's error 11750)."""
_LOCALES: Final = frozenset({"hi-IN", "en-IN", "mr-IN", "ur-IN"})
_MOST_SAID: Final = 4096
_MOST_WRITTEN: Final = 1600


class TwimlError(AssertionError):
    """Twilio would refuse this answer."""


def read_twiml(document: bytes) -> ET.Element:
    """Read an answer and check it against Twilio's rules.

    Raises:
        TwimlError: the answer breaks a rule.
    """
    if len(document) > _LARGEST:
        raise TwimlError("the document is too large")
    try:
        root = ET.fromstring(document)  # noqa: S314 - what the service under test just wrote
    except ET.ParseError as error:
        raise TwimlError(f"not XML: {error}") from None
    if root.tag != "Response":
        raise TwimlError("the root is not a Response")
    _check(root)
    return root


def said(verb: ET.Element) -> str:
    """Return the text that a verb speaks, without markup for the voice."""
    return "".join(verb.itertext()).strip()


def _check(verb: ET.Element) -> None:
    unknown = set(verb.attrib) - _ATTRIBUTES.get(verb.tag, frozenset())
    if verb.tag not in _ATTRIBUTES or unknown:
        raise TwimlError(f"{verb.tag} takes no {', '.join(sorted(unknown)) or 'place in TwiML'}")
    for name, value in verb.attrib.items():
        _check_value(verb, name, value)
    if verb.tag == "Say" and (verb.get("language") not in _LOCALES or not 0 < len(said(verb)) <= _MOST_SAID):
        raise TwimlError("a Say without words, with too many, or in a language that is none")
    if verb.tag == "Body" and not 0 < len(said(verb)) <= _MOST_WRITTEN:
        raise TwimlError("a message without words, or with too many")
    if any(child.tag in _ENDS for child in list(verb)[:-1]):
        raise TwimlError("what follows is never reached")
    for child in verb:
        if child.tag not in _WITHIN.get(verb.tag, frozenset()):
            raise TwimlError(f"{child.tag} may not stand within {verb.tag}")
        _check(child)


def _check_value(verb: ET.Element, name: str, value: str) -> None:
    least, most = _NUMBERS.get(name, (0, 0))
    sound = (
        (name not in _NUMBERS or (value.isdecimal() and least <= int(value) <= most))
        and value in _WORDS.get(name, {value})
        and (name not in _ADDRESSES or value.startswith(("https://", "http://")))
        and (name != "finishOnKey" or (len(value) <= _MOST_FINISHING[verb.tag] and set(value) <= set("0123456789*#")))
        and (name != "recordingStatusCallbackEvent" or set(value.split()) <= _EVENTS)
    )
    if not sound:
        raise TwimlError(f"{name}={value!r} is no value of {verb.tag}")


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
        kept = TwilioMessage(new_sid("SM"), self.number, said(message), under_way=True)
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
        self._peer.calls[self._call] = True
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

    async def speak(self, voice: bytes) -> str:
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
            "RecordingDuration": "4",
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
        self._peer.calls[self._call] = False
        self._call = ""
        self._verbs.clear()

    async def report_end(self) -> None:
        """Tell the service that the last call ended, as Twilio does where its address is in the console."""
        if url := self._peer.addresses.get("status_callback"):
            form = {**_fields(self._peer, self.number), "CallSid": self.calls[-1], "CallStatus": "completed"}
            await self._peer.post(url, form)

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
        """Execute verbs until one waits for the caller, who presses no key before the last question."""
        while self._verbs:
            verb = self._verbs[0]
            goes_on = verb.tag == "Gather" and len(self._verbs) > 1 and self._verbs[1].tag == "Gather"
            if verb.tag in {"Gather", "Record"} and not goes_on:
                self._hear(verb)
                return
            self._verbs.popleft()
            if verb.tag == "Redirect":
                await self._ask(said(verb), {})
                return
            if verb.tag == "Hangup":
                self.hang_up()
                await self.report_end()
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
        message.under_way = status != "delivered"
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
