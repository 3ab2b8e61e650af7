"""The channel `voice`: a phone call, answered by keypad and by voice, in the responses to Twilio's requests.

Source: Twilio, "TwiML for Programmable Voice" and "Request parameters"; "What are the special phone numbers" for
callers who withhold theirs.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.channel import (
    Address,
    Batch,
    Call,
    CompleteTip,
    Endpoint,
    Event,
    Inbound,
    Malformed,
    Media,
    MediaRef,
    Outcome,
    Permanent,
    RawRequest,
    RawResponse,
    SendResult,
    Tap,
)
from satark.choice_tokens import command_token
from satark.prompt import Capabilities, Prompt
from satark_sms_ivr import twiml
from satark_sms_ivr.forms import Form, read_form
from satark_sms_ivr.keypad import Call as Moment
from satark_sms_ivr.rest import Rest
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.signature import Signature
from satark_sms_ivr.speaking import KEYS_PATH, RECORD_PATH, RECORDING_PATH, SILENCES, Speaker

PATH: Final = "/voice/webhook"
STATUS_PATH: Final = "/voice/webhook/status"

CAPABILITIES: Final = Capabilities(kind="voice", text=4000, body=4000, inline=True, reachable=False)
"""Twilio takes 4096 characters in one `<Say>`; every line has one of its own."""

_TURNS: Final = frozenset({PATH, KEYS_PATH, RECORD_PATH})
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""What stands for "anonymous", "restricted", "blocked", "unknown" and "unavailable"."""
_is_call = re.compile(r"CA\w{1,62}", re.ASCII).fullmatch
_is_recording = re.compile(r"RE\w{1,62}", re.ASCII).fullmatch
_is_number = re.compile(r"\+\d{7,15}").fullmatch


class VoiceChannel:
    """Calls to one number at Twilio. Implements `satark.channel.Channel`."""

    name: Final = "voice"
    capabilities: Final[Capabilities] = CAPABILITIES

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        self._settings = settings
        self._account = f"{self.name}:{settings.number}"
        self._signature = Signature(
            settings.auth_token.get_secret_value(), public_url, settings.shared_key.get_secret_value()
        )
        self._speaker = Speaker(settings, public_url)
        self._rest = Rest(settings)

    @property
    def accounts(self) -> Sequence[str]:
        """The one number."""
        return (self._account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook of incoming calls, and those below it to which a call goes on."""
        paths = (PATH, KEYS_PATH, RECORD_PATH, RECORDING_PATH, STATUS_PATH)
        return tuple(Endpoint(path=p, methods=("POST",), limit=self._settings.webhook_max_bytes) for p in paths)

    def verify(self, raw: RawRequest) -> bool:
        """Check the signature, which covers the address with what it carries."""
        return self._signature.is_good(raw)

    def parse(self, raw: RawRequest) -> Batch:
        """Read one moment of a call.

        Raises:
            satark.channel.Malformed: it is none.
        """
        form = read_form(raw.body)
        if raw.path not in _TURNS:
            alarms = ["recording-absent"] if form.get("RecordingStatus") == "absent" else []
            return Batch(ignored=1, alarms=alarms)
        sid, moment = form.get("CallSid"), Moment.read(raw.query)
        if not _is_call(sid):
            raise Malformed("no call")
        if form.get("AccountSid") != self._settings.account_sid:
            return Batch(ignored=1)
        inbound = Inbound(
            account=self._account,
            event_key=f"{sid}:{moment.turn}:{moment.silent}",
            senders=(_caller(form, sid),),
            event=self._event(raw.path, form, moment),
        )
        return Batch(inbound=[inbound])

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Say what is to be said and wait for the answer, as TwiML."""
        if raw.path not in _TURNS:
            return twiml.answer()
        return twiml.answer(self._twiml(raw, outcome))

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Nothing: we call nobody. A phone that rings betrays its owner."""
        del prompt, account, to
        return ()

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Nothing, likewise."""
        return self.render(prompt, account, to)

    async def open(self) -> None:
        """Open the client."""
        await self._rest.open()

    async def close(self) -> None:
        """Close the client."""
        await self._rest.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Refuse: there is no call of this channel's."""
        del call, call_id
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a recording at the API, by its id alone."""
        return self._rest.download(f"Recordings/{ref.id}.wav")

    async def discard(self, ref: MediaRef) -> None:
        """Delete a recording."""
        await self._rest.delete(f"Recordings/{ref.id}.json")

    def _event(self, path: str, form: Form, moment: Moment) -> Event:
        if path == PATH:
            return Tap(command_token("restart"))
        recording = form.get("RecordingSid")
        if path == RECORD_PATH and _is_recording(recording) and form.get("RecordingDuration") != "0":
            spoken = Media(MediaRef(account=self._account, id=recording, mime="audio/wav"), "voice")
            return CompleteTip(spoken, last=True) if moment.message else spoken
        return moment.heard("" if path == RECORD_PATH else form.get("Digits"))

    def _twiml(self, raw: RawRequest, outcome: Outcome) -> str:
        try:
            moment = Moment.read(raw.query)
        except Malformed:
            return self._speaker.end()
        if moment.silent > SILENCES:
            return self._speaker.end()
        if outcome.state != "accepted":
            spoken = raw.path == RECORD_PATH and moment.message
            return self._speaker.outage(outcome.state, moment.left(), spoken=spoken)
        prompts = list(outcome.prompts)
        if not prompts:
            return self._speaker.again(Moment(turn=moment.turn + 1, silent=moment.silent + 1))
        if moment.silent == SILENCES:
            return self._speaker.leave_message(prompts[-1], moment.left())
        shown = [prompt for prompt in prompts[:-1] if prompt.must_arrive] + prompts[-1:]
        return self._speaker.put(shown, moment, greeting=raw.path == PATH)


def _caller(form: Form, call: str) -> Address:
    """The caller; somebody who withholds the number is known for the length of the call only."""
    number = form.get("From")
    return Address(number if _is_number(number) and number not in _WITHHELD else call)
