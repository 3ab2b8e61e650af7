"""Twilio as the provider of text messages.

Source: Twilio, "Twilio's request to your webhook URL" (Programmable Messaging), "TwiML for Programmable Messaging",
"Advanced Opt-Out" and "Messages resource" (redaction by an empty `Body`).
"""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import urlencode, urlsplit

from satark.api import (
    Call,
    Endpoint,
    IncomingSms,
    Malformed,
    MediaRef,
    Permanent,
    RawRequest,
    RawResponse,
    SendResult,
    SmsWebhook,
)
from satark_sms_ivr import twiml
from satark_sms_ivr.form_data import FormData, parse_form
from satark_sms_ivr.settings import TwilioSettings
from satark_sms_ivr.twilio_api import TwilioNumber

PATH: Final = "/sms/webhook"
STATUS_PATH: Final = "/sms/webhook/status"

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
        self._status_url = public_url.rstrip("/") + STATUS_PATH
        self.account = f"sms:{settings.number}"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhooks of incoming messages, and of the statuses of messages that we sent."""
        return self.webhooks(PATH, STATUS_PATH)

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Parse an incoming message, or the status of a message that we sent. Ask Twilio to redact the message's text.

        Raises:
            satark.api.Malformed: the webhook has no message id.
        """
        form = parse_form(raw.body)
        sid = form.get("MessageSid") or form.get("SmsSid")
        if not _is_message_sid(sid):
            raise Malformed("not a message")
        if raw.path == STATUS_PATH:
            final = form.get("MessageStatus") in _FINAL
            return SmsWebhook(chores=[self._redact(sid)] if final else (), ignored=1)
        if form.get("AccountSid") != self._settings.account_sid or not form.get("From").startswith("+"):
            return SmsWebhook(ignored=1)
        return SmsWebhook(messages=[self._message(sid, form)], chores=[self._redact(sid)])

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Return the texts as TwiML."""
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
        """Create a message, or redact one."""
        if call.method == "messages":
            return await self._api.call("POST", "Messages.json", call.body)
        if call.method == "redact":
            return await self._api.call("POST", f"Messages/{call.body.decode()}.json", b"Body=")
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download an attached file."""
        return self._api.download(ref.id)

    async def discard(self, ref: MediaRef) -> None:
        """Delete an attached file."""
        await self._api.call("DELETE", f"{ref.id}.json")

    def _message(self, sid: str, form: FormData) -> IncomingSms:
        urls = [form.get(f"MediaUrl{n}") for n in range(_count(form.get("NumMedia")))]
        refs = [self._ref(url, form.get(f"MediaContentType{n}")) for n, url in enumerate(urls)]
        keyword, body = form.get("OptOutType").upper(), form.get("Body")
        return IncomingSms(
            id=sid,
            sender=form.get("From"),
            body="hi" if keyword == "START" else body,
            media=tuple(ref for ref in refs if ref is not None),
            unfetchable=refs.count(None),
            opted_out=keyword == "STOP" or body.strip().upper() in _STOP,
            answered_by_provider=keyword == "HELP",
        )

    def _ref(self, url: str, mime: str) -> MediaRef | None:
        """Return a file's reference. It holds ids alone, so `fetch` downloads the file from the API's own host."""
        try:
            parts = urlsplit(url)
        except ValueError:  # such as an address with brackets that are no IPv6
            return None
        found = _MEDIA.fullmatch(parts.path)
        if found is None or found[1] != self._settings.account_sid or parts.netloc not in self._settings.media_hosts:
            return None
        return MediaRef(account=self.account, id=found[2], mime=mime)

    def _redact(self, sid: str) -> Call:
        return Call(account=self.account, method="redact", body=sid.encode())


def _count(text: str) -> int:
    return min(int(text), _MAX_MEDIA) if _is_count(text) else 0
