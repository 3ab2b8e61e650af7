"""Twilio as the provider of phone calls.

Source: Twilio, "TwiML for Programmable Voice" and "Request parameters"; "What are the special phone numbers" for
callers who withhold their number.
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from xml.etree.ElementTree import Element

from satark.api import (
    Ask,
    Call,
    CallRequest,
    CallStep,
    CallVerb,
    CallWebhook,
    Endpoint,
    GoOn,
    HangUp,
    Line,
    Malformed,
    MediaRef,
    Pause,
    Permanent,
    RawRequest,
    RawResponse,
    Record,
    Say,
    SendResult,
    TextCaller,
)
from satark_sms_ivr import twiml
from satark_sms_ivr.call_texts import locale_of, voice_of
from satark_sms_ivr.form_data import FormData, parse_form
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_api import TwilioNumber
from satark_sms_ivr.twilio_sms import STATUS_PATH as SMS_STATUS_PATH
from satark_sms_ivr.twiml import add, add_text

PATH: Final = "/voice/webhook"
STATUS_PATH: Final = "/voice/webhook/status"
KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

_STEPS: Final[dict[str, CallStep]] = {PATH: "start", KEYS_PATH: "keys", RECORD_PATH: "record"}
_DELETE: Final = "delete"
_RATES: Final = {"slow": "slow", "slowest": "x-slow"}
_SPELLED: Final = {"interpret-as": "characters"}
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})
"""The numbers that stand for "anonymous", "restricted", "blocked", "unknown" and "unavailable"."""
_is_call = re.compile(r"CA\w{1,62}", re.ASCII).fullmatch
_is_recording = re.compile(r"RE\w{1,62}", re.ASCII).fullmatch
_is_number = re.compile(r"\+\d{7,15}").fullmatch


class TwilioVoice(TwilioNumber):
    """Calls to one number at Twilio. Implements `satark.api.CallProvider`."""

    texts: Final = True

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        super().__init__(settings, public_url)
        self._twiml = VoiceTwiml(settings, public_url)
        self.account = f"voice:{settings.number}"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook of incoming calls, and the paths below it to which a call continues."""
        return self.webhooks(*_STEPS, RECORDING_PATH, STATUS_PATH)

    def parse(self, raw: RawRequest) -> CallWebhook:
        """Parse one request of a call, or the final status of a call or a recording.

        Raises:
            satark.api.Malformed: the request is none of these.
        """
        form, step = parse_form(raw.body), _STEPS.get(raw.path)
        if step is None:
            return CallWebhook(alarms=["recording-absent"] if form.get("RecordingStatus") == "absent" else ())
        if not _is_call(form.get("CallSid")):
            raise Malformed("not a call")
        if form.get("AccountSid") != self._settings.account_sid:
            return CallWebhook()
        return CallWebhook(request=self._request(step, form, raw.query))

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        """Return the verbs as TwiML."""
        del raw
        return twiml.response(self._twiml.document(verbs) if verbs else None)

    def deletion_call(self, ref: MediaRef) -> Call:
        """Return a deletion of the Recordings resource."""
        return Call(account=self.account, method=_DELETE, body=ref.id.encode())

    async def send(self, call: Call) -> SendResult:
        """Delete a recording."""
        if call.method != _DELETE:
            return Permanent("method")
        return await self._api.call("DELETE", f"Recordings/{call.body.decode()}.json")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download a recording from the API, by its id alone."""
        return self._api.download(f"Recordings/{ref.id}.wav")

    async def discard(self, ref: MediaRef) -> None:
        """Delete a recording."""
        await self._api.call("DELETE", f"Recordings/{ref.id}.json")

    def _request(self, step: CallStep, form: FormData, state: str) -> CallRequest:
        number, sid, seconds = form.get("From"), form.get("RecordingSid"), form.get("RecordingDuration")
        is_known = _is_number(number) and number not in _WITHHELD
        return CallRequest(
            id=form.get("CallSid"),
            step=step,
            caller=number if is_known else "",
            state=state,
            keys=form.get("Digits"),
            recording=MediaRef(account=self.account, id=sid, mime="audio/wav") if _is_recording(sid) else None,
            seconds=int(seconds) if seconds.isdecimal() else None,
        )


class VoiceTwiml:
    """Writes the responses of calls to one number: voices, waits, and the key that ends a typed code.

    `<Gather>` falls through to the next verb when no key is pressed, and nests only `<Say>`, `<Play>` and `<Pause>`; an
    empty `finishOnKey` lets `#` count as a key.
    """

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        self._voices = settings.voices
        self._base = public_url.rstrip("/")

    def document(self, verbs: Sequence[CallVerb]) -> Element:
        """Return the verbs as one document."""
        document = twiml.document()
        for verb in verbs:
            self._write(document, verb)
        return document

    def _write(self, response: Element, verb: CallVerb) -> None:
        match verb:
            case Say():
                self._read(response, verb.lines)
            case Pause():
                add(response, "Pause", length=verb.seconds)
            case Ask():
                self._read(self._gather(response, verb), verb.lines)
            case Record():
                self._record(response, verb)
            case GoOn():
                add(response, "Redirect", self._url(KEYS_PATH, verb.state), method="POST")
            case TextCaller():  # without an address Twilio sends it to the caller
                add(response, "Sms", verb.text, statusCallback=self._base + SMS_STATUS_PATH)
            case HangUp():
                add(response, "Hangup")

    def _gather(self, response: Element, verb: Ask) -> Element:
        return add(
            response,
            "Gather",
            input="dtmf",
            numDigits=verb.digits,
            finishOnKey="#" if verb.digits > 1 else "",
            timeout=verb.seconds,
            action=self._url(KEYS_PATH, verb.state),
            method="POST",
        )

    def _record(self, response: Element, verb: Record) -> None:
        add(
            response,
            "Record",
            action=self._url(RECORD_PATH, verb.state),
            method="POST",
            timeout=verb.silence,
            finishOnKey=verb.end_keys,
            maxLength=verb.seconds,
            playBeep="true",
            trim="do-not-trim",
            recordingStatusCallback=self._base + RECORDING_PATH,
            recordingStatusCallbackMethod="POST",
            recordingStatusCallbackEvent="completed absent",
        )

    def _read(self, verb: Element, lines: Sequence[Line]) -> None:
        for line in lines:
            if line.clip:
                add(verb, "Play", line.clip)
            elif rate := _RATES.get(line.pace):
                add(self._voice(verb, line.language), "prosody", line.text, rate=rate)
            else:
                _read_aloud(self._voice(verb, line.language), line)
            if line.pause:
                add(verb, "Pause", length=line.pause)

    def _voice(self, verb: Element, language: str) -> Element:
        voice = self._voices.get(language) or voice_of(language) or None
        return add(verb, "Say", voice=voice, language=locale_of(language))

    def _url(self, path: str, state: str) -> str:
        return f"{self._base}{path}?{state}"


def _read_aloud(say: Element, line: Line) -> None:
    """Add a line to `<Say>`. A tip's number is spelled letter by letter."""
    for part, is_spelled in line.parts():
        if not is_spelled:
            add_text(say, part)
            continue
        first, second = part.split("-")
        add(say, "say-as", first, **_SPELLED)
        add_text(say, "-")
        add(say, "say-as", second, **_SPELLED)
