"""Twilio as the provider of text messages and of phone calls.

Source: Twilio, "Twilio's request to your webhook URL" (Programmable Messaging), "TwiML for Programmable Messaging",
"Advanced Opt-Out" and "Messages resource" (redaction by an empty `Body`; deletion takes the attached files along);
"TwiML for Programmable Voice" and "Request parameters"; error 20009: what is not finished can't be deleted yet.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import urlencode, urlsplit
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
    IncomingSms,
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
    SmsWebhook,
)
from satark_sms_ivr import twiml
from satark_sms_ivr.call_texts import locale_of, voice_of
from satark_sms_ivr.form_data import parse_form
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_api import NOT_FINISHED, REDIRECTED, NumberState, TwilioNumber
from satark_sms_ivr.twiml import add, add_text

SMS_PATH: Final = "/sms/webhook"
SMS_STATUS_PATH: Final = "/sms/webhook/status"

_DELETE: Final = "delete"
_DELETE_EMPTY: Final = "delete-empty"
"""Deletes a message once no file is attached to it any more: with it Twilio deletes its files."""
_MAX_MEDIA: Final = 10
_STOP: Final = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
"""Messages that Twilio treats as an opt-out: later messages to the sender fail with error 21610."""
_FINAL: Final = frozenset({"delivered", "undelivered", "failed", "sent"})
_is_count = re.compile(r"[0-9]{1,9}").fullmatch
_is_message_sid = re.compile(r"[A-Z]{2}\w{1,62}", re.ASCII).fullmatch
"""An id that is safe in a URL; Twilio's own are two letters and 32 hex digits."""
_MEDIA: Final = re.compile(r"/2010-04-01/Accounts/(\w+)/(Messages/\w{1,64}/Media/\w{1,64})", re.ASCII)


class TwilioSms(TwilioNumber):
    """One number at Twilio. Implements `satark.api.SmsProvider`."""

    inline: Final = True

    def __init__(self, settings: TwilioSettings, public_url: str) -> None:
        super().__init__(settings, public_url)
        self._status_url = self._public + SMS_STATUS_PATH
        self.account = f"sms:{settings.number}"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhooks of incoming messages, and of the statuses of messages that we sent."""
        return self.webhooks(SMS_PATH, SMS_STATUS_PATH)

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Parse an incoming message, or the status of a message that we sent. Ask Twilio to delete the message.

        Raises:
            satark.api.Malformed: the webhook has no message id.
        """
        form = defaultdict(str, parse_form(raw.body))
        sid = form["MessageSid"] or form["SmsSid"]
        if not _is_message_sid(sid):
            raise Malformed("not a message")
        if raw.path == SMS_STATUS_PATH:
            final = form["MessageStatus"] in _FINAL
            return SmsWebhook(chores=[self._deletion(sid)] if final else (), ignored=1)
        if form["AccountSid"] != self._settings.account_sid or not form["From"].startswith("+"):
            return SmsWebhook(ignored=1)
        message = self._message(sid, form)
        deletion = self._deletion(sid, _DELETE_EMPTY if message.media else _DELETE)
        return SmsWebhook(messages=[message], chores=[deletion])

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        del raw
        document = twiml.document()
        for text in texts:
            twiml.add(twiml.add(document, "Message", statusCallback=self._status_url), "Body", text)
        return twiml.response(document)

    def message_call(self, to: str, text: str, template: str = "") -> Call:
        """Return a call of the Messages resource, which names no template."""
        del template
        fields = {"To": to, "From": self._settings.number, "Body": text, "StatusCallback": self._status_url}
        return Call(account=self.account, method="messages", body=urlencode(fields).encode())

    async def send(self, call: Call) -> SendResult:
        """Create a message, or delete one."""
        if call.method == "messages":
            return await self.call("POST", "Messages.json", call.body)
        if call.method in {_DELETE, _DELETE_EMPTY}:
            return await self._delete(call.body.decode(), keep_files=call.method == _DELETE_EMPTY)
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file."""
        return self.download(ref.id)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file."""
        await self.call("DELETE", f"{ref.id}.json")

    def _faults_of(self, number: NumberState) -> Sequence[str]:
        ours = self.is_at(SMS_PATH, number.sms_url, number.sms_fallback_url, number.sms_application_sid)
        return () if ours else [REDIRECTED]

    def _message(self, sid: str, form: Mapping[str, str]) -> IncomingSms:
        urls = [form[f"MediaUrl{n}"] for n in range(_count(form["NumMedia"]))]
        refs = [self._ref(url, form[f"MediaContentType{n}"]) for n, url in enumerate(urls)]
        keyword, body = form["OptOutType"].upper(), form["Body"]
        return IncomingSms(
            id=sid,
            sender=form["From"],
            body="hi" if keyword == "START" else body,
            media=tuple(ref for ref in refs if ref is not None),
            unfetchable=refs.count(None),
            opted_out=keyword == "STOP" or body.strip().upper() in _STOP,
            answered_by_provider=keyword == "HELP",
        )

    def _ref(self, url: str, mime: str) -> MediaRef | None:
        """Return a file's reference. It holds only ids, so `fetch` downloads the file from the API's own host."""
        try:
            parts = urlsplit(url)
        except ValueError:  # such as an address with brackets that are no IPv6
            return None
        found = _MEDIA.fullmatch(parts.path)
        if found is None or found[1] != self._settings.account_sid or parts.netloc not in self._settings.media_hosts:
            return None
        return MediaRef(account=self.account, id=found[2], mime=mime)

    def _deletion(self, sid: str, method: str = _DELETE) -> Call:
        return Call(account=self.account, method=method, body=sid.encode())

    async def _delete(self, sid: str, *, keep_files: bool) -> SendResult:
        """Redact a message, since Twilio may refuse to delete it for minutes, and delete it; with its files not yet."""
        await self.call("POST", f"Messages/{sid}.json", b"Body=")
        if keep_files and await self.has_files(sid):
            return NOT_FINISHED
        return await self.call("DELETE", f"Messages/{sid}.json")


def _count(text: str) -> int:
    return min(int(text), _MAX_MEDIA) if _is_count(text) else 0


PATH: Final = "/voice/webhook"
STATUS_PATH: Final = "/voice/webhook/status"
KEYS_PATH: Final = "/voice/webhook/keys"
RECORD_PATH: Final = "/voice/webhook/record"
RECORDING_PATH: Final = "/voice/webhook/recording"

_STEPS: Final[dict[str, CallStep]] = {PATH: "start", KEYS_PATH: "keys", RECORD_PATH: "record"}
_ENDED: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_RATES: Final = {"slow": "slow", "slowest": "x-slow"}
_SPELLED: Final = {"interpret-as": "characters"}
_is_call = re.compile(r"CA\w{1,62}", re.ASCII).fullmatch
_is_recording = re.compile(r"RE\w{1,62}", re.ASCII).fullmatch


class TwilioVoice(TwilioNumber):
    """Calls to one number at Twilio. Implements `satark.api.CallProvider`."""

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
        form, step = defaultdict(str, parse_form(raw.body)), _STEPS.get(raw.path)
        if raw.path == RECORDING_PATH:
            return CallWebhook(alarms=["recording-absent"] if form["RecordingStatus"] == "absent" else ())
        if not _is_call(form["CallSid"]):
            raise Malformed("not a call")
        if form["AccountSid"] != self._settings.account_sid:
            return CallWebhook()
        if step is None:
            return CallWebhook(chores=[self._deletion(form["CallSid"])] if form["CallStatus"] in _ENDED else ())
        return CallWebhook(request=self._request(step, form, raw.query))

    def reply(self, raw: RawRequest, verbs: Sequence[CallVerb]) -> RawResponse:
        del raw
        return twiml.response(self._twiml.document(verbs) if verbs else None)

    def deletion_call(self, ref: MediaRef) -> Call:
        return self._deletion(ref.id)

    def _deletion(self, sid: str) -> Call:
        return Call(account=self.account, method=_DELETE, body=sid.encode())

    async def send(self, call: Call) -> SendResult:
        """Delete a recording, or the record of a call."""
        if call.method != _DELETE:
            return Permanent("method")
        sid = call.body.decode()
        return await self.call("DELETE", f"{'Calls' if _is_call(sid) else 'Recordings'}/{sid}.json")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download a recording from the API, by its id alone."""
        return self.download(f"Recordings/{ref.id}.wav")

    async def discard(self, ref: MediaRef) -> None:
        await self.call("DELETE", f"Recordings/{ref.id}.json")

    def _faults_of(self, number: NumberState) -> Sequence[str]:
        others = (number.voice_fallback_url, number.voice_application_sid, number.trunk_sid)
        ours = self.is_at(PATH, number.voice_url, *others)
        return () if ours and self.is_at(STATUS_PATH, number.status_callback) else [REDIRECTED]

    def _request(self, step: CallStep, form: Mapping[str, str], state: str) -> CallRequest:
        sid, seconds = form["RecordingSid"], form["RecordingDuration"]
        return CallRequest(
            id=form["CallSid"],
            step=step,
            state=state,
            keys=form["Digits"],
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
