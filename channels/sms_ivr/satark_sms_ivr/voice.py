"""The channel `voice`: phone calls, answered by keypad and voice, in the responses to Twilio's requests.

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
    RawRequest,
    RawResponse,
    Tap,
)
from satark.choice_tokens import command_token
from satark.languages import OFFERED
from satark.prompt import Capabilities, Prompt
from satark.send_result import Accepted, Permanent, SendResult
from satark_sms_ivr import twiml
from satark_sms_ivr.call_state import CallState
from satark_sms_ivr.form_data import FormData, parse_form
from satark_sms_ivr.keypad import UNKNOWN
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.signature import HEADER, TwilioSignature
from satark_sms_ivr.twilio_api import TwilioApi
from satark_sms_ivr.voice_twiml import KEYS_PATH, RECORD_PATH, RECORDING_PATH, VoiceTwiml

PATH: Final = "/voice/webhook"
STATUS_PATH: Final = "/voice/webhook/status"
MAX_SILENCES: Final = 3
"""After so many silences in a row the caller is asked to leave a message."""

CAPABILITIES: Final = Capabilities(kind="voice", text=4000, body=4000, inline=True, reachable=False)
"""Twilio accepts 4096 characters in one `<Say>`; every line has one of its own."""

_DELETE: Final = "delete"
_MOST_UNSAID_SECONDS: Final = 3
"""Seconds of the longest recording that key 0 throws away; a longer one is an answer, whichever key ended it."""
_CALL_PATHS: Final = frozenset({PATH, KEYS_PATH, RECORD_PATH})
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""The numbers that stand for "anonymous", "restricted", "blocked", "unknown" and "unavailable"."""
_is_call = re.compile(r"CA\w{1,62}", re.ASCII).fullmatch
_is_recording = re.compile(r"RE\w{1,62}", re.ASCII).fullmatch
_is_number = re.compile(r"\+\d{7,15}").fullmatch


class VoiceChannel:
    """Calls to one number at Twilio. Implements `satark.channel.Channel`."""

    name: Final = "voice"
    capabilities: Final[Capabilities] = CAPABILITIES

    def __init__(self, settings: TwilioSettings, public_url: str, languages: Sequence[str] = OFFERED) -> None:
        self._settings = settings
        self._account = f"{self.name}:{settings.number}"
        self._signature = TwilioSignature(
            settings.auth_token.get_secret_value(), public_url, settings.shared_key.get_secret_value()
        )
        self._twiml = VoiceTwiml(settings, public_url, languages)
        self._api = TwilioApi(settings)

    @property
    def accounts(self) -> Sequence[str]:
        """The account of the one number."""
        return (self._account,)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook of incoming calls, and the paths below it to which a call continues."""
        paths = (PATH, KEYS_PATH, RECORD_PATH, RECORDING_PATH, STATUS_PATH)
        limit = self._settings.webhook_max_bytes
        return tuple(Endpoint(path=p, methods=("POST",), limit=limit, signature_header=HEADER) for p in paths)

    def verify(self, raw: RawRequest) -> bool:
        """Check the signature, which covers the URL with its query."""
        return self._signature.is_valid(raw)

    def sign(self, raw: RawRequest) -> RawRequest:
        """Sign a recorded request of a call."""
        return self._signature.sign(raw)

    def parse(self, raw: RawRequest) -> Batch:
        """Parse one request of a call.

        Raises:
            satark.channel.Malformed: it is not a request of a call.
        """
        form = parse_form(raw.body)
        if raw.path not in _CALL_PATHS:
            alarms = ["recording-absent"] if form.get("RecordingStatus") == "absent" else []
            return Batch(ignored=1, alarms=alarms)
        sid, state = form.get("CallSid"), CallState.parse(raw.query)
        if not _is_call(sid):
            raise Malformed("not a call")
        if form.get("AccountSid") != self._settings.account_sid:
            return Batch(ignored=1)
        inbound = Inbound(
            account=self._account,
            event_key=f"{sid}:{state.turn}:{state.silences}",
            senders=(_caller(form, sid),),
            event=self._event(raw.path, form, state),
        )
        recording = form.get("RecordingSid")
        unheard = _says_unknown(raw.path, form, state) and _is_recording(recording)
        return Batch(inbound=[inbound], chores=[self._deletion(recording)] if unheard else [])

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer with TwiML: say the prompts and wait for the answer."""
        if raw.path not in _CALL_PATHS:
            return twiml.response()
        return twiml.response(self._document(raw, outcome))

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls: Satark calls nobody, since a ringing phone would expose its owner."""
        del prompt, account, to
        return ()

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return no calls, for the same reason."""
        return self.render(prompt, account, to)

    async def open(self) -> None:
        """Open the HTTP client."""
        await self._api.open()

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._api.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Delete a recording. Everything else is refused: this channel calls nobody."""
        del call_id
        if call.method != _DELETE:
            return Permanent("method")
        await self._api.delete(f"Recordings/{call.body.decode()}.json")
        return Accepted()

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download a recording from the API, by its id alone."""
        return self._api.download(f"Recordings/{ref.id}.wav")

    async def discard(self, ref: MediaRef) -> None:
        """Delete a recording."""
        await self._api.delete(f"Recordings/{ref.id}.json")

    def _deletion(self, recording: str) -> Call:
        return Call(account=self._account, method=_DELETE, body=recording.encode())

    def _event(self, path: str, form: FormData, state: CallState) -> Event:
        if path == PATH:
            return Tap(command_token("restart"))
        recording = form.get("RecordingSid")
        if _says_unknown(path, form, state):
            return Tap(command_token(UNKNOWN))
        if path == RECORD_PATH and _is_recording(recording) and form.get("RecordingDuration") != "0":
            recorded = Media(MediaRef(account=self._account, id=recording, mime="audio/wav"), "voice")
            return CompleteTip(recorded, last=True) if state.message else recorded
        return state.event_of("" if path == RECORD_PATH else form.get("Digits"))

    def _document(self, raw: RawRequest, outcome: Outcome) -> str:
        try:
            state = CallState.parse(raw.query)
        except Malformed:
            return self._twiml.hang_up()
        if state.silences > MAX_SILENCES:
            return self._twiml.hang_up()
        if outcome.state != "accepted":
            left_message = raw.path == RECORD_PATH and state.message
            return self._twiml.unavailable(outcome.state, state.recording_message(), left_message=left_message)
        prompts = list(outcome.prompts)
        if not prompts:
            return self._twiml.ask_again(CallState(turn=state.turn + 1, silences=state.silences + 1))
        if state.silences == MAX_SILENCES:
            return self._twiml.leave_message(prompts[-1], state.recording_message())
        shown = [prompt for prompt in prompts[:-1] if prompt.must_arrive] + prompts[-1:]
        form = parse_form(raw.body)
        asked, has_number = state.after_keys(form.get("Digits")), _is_known(form.get("From"))
        return self._twiml.ask(shown, asked, greeting=raw.path == PATH, has_number=has_number)


def _says_unknown(path: str, form: FormData, state: CallState) -> bool:
    """Whether a caller pressed key 0 after the beep instead of before it, and has told next to nothing till then."""
    seconds = form.get("RecordingDuration")
    is_short = not seconds.isdecimal() or int(seconds) <= _MOST_UNSAID_SECONDS
    pressed = path == RECORD_PATH and form.get("Digits") == "0" and not state.message
    return pressed and is_short and state.key_0 == UNKNOWN


def _caller(form: FormData, call: str) -> Address:
    """Return the caller's address. A caller who withholds the number is identified by the call's id alone."""
    number = form.get("From")
    return Address(number if _is_known(number) else call)


def _is_known(number: str) -> bool:
    """Whether a number is one, and not one of those that stand for a withheld number."""
    return bool(_is_number(number)) and number not in _WITHHELD
