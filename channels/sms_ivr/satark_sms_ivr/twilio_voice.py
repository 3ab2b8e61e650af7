"""Twilio as the provider of phone calls.

Source: Twilio, "TwiML for Programmable Voice" and "Request parameters"; "What are the special phone numbers" for
callers who withhold their number.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from satark.api import (
    Call,
    CallRequest,
    CallStep,
    CallVerb,
    CallWebhook,
    Endpoint,
    Malformed,
    MediaRef,
    Permanent,
    RawRequest,
    RawResponse,
    SendResult,
)
from satark_sms_ivr import twiml
from satark_sms_ivr.form_data import FormData, parse_form
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_api import TwilioNumber
from satark_sms_ivr.voice_twiml import KEYS_PATH, RECORD_PATH, RECORDING_PATH, VoiceTwiml

PATH: Final = "/voice/webhook"
STATUS_PATH: Final = "/voice/webhook/status"

_STEPS: Final[dict[str, CallStep]] = {PATH: "start", KEYS_PATH: "keys", RECORD_PATH: "record"}
_DELETE: Final = "delete"
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
        return twiml.response(self._twiml.document(verbs) if verbs else "")

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
