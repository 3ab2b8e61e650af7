"""The provider: one number at Exotel. Each method's rules: `satark.api.SmsProvider`."""

from __future__ import annotations

import hmac
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import aiohttp

from satark.api import (
    Accepted,
    Call,
    Endpoint,
    IncomingSms,
    Malformed,
    MediaGone,
    MediaRef,
    Misconfigured,
    Permanent,
    RawRequest,
    RawResponse,
    SendResult,
    SmsWebhook,
    Throttled,
    Transient,
    read_answer,
    seconds_to_wait,
)
from satark_exotel.account import Account

if TYPE_CHECKING:
    from satark_exotel.plugin import ExotelSettings

_LARGEST_ANSWER = 256 * 1024
_sid = re.compile(rb"<Sid>\w+</Sid>").search
"""Finds Exotel's id of a message in its answer. An answer without an id comes from a proxy or a captive portal, not
from Exotel."""


class Exotel(Account):
    """One number. Exotel calls a secret path, by GET or POST, and sends the response's text to the citizen."""

    inline = True

    def __init__(self, settings: ExotelSettings) -> None:
        super().__init__(settings)
        self._path = f"/sms/exotel/{settings.path_secret.get_secret_value()}"
        self._url = f"{settings.subdomain}/v1/Accounts/{settings.sid}/Sms/send"
        self.account = f"sms:{settings.number}"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook."""
        return (Endpoint(path=self._path, methods=("GET", "POST"), limit=64_000),)

    def verify(self, raw: RawRequest) -> bool:
        """Compare the path, in constant time."""
        return hmac.compare_digest(raw.path.encode(), self._path.encode())

    def parse(self, raw: RawRequest) -> SmsWebhook:
        """Read a message from the query or the form."""
        try:
            sent = dict(parse_qsl(raw.query if raw.method == "GET" else raw.body.decode(), max_num_fields=50))
        except ValueError:
            raise Malformed("not a form") from None
        if not (sent.get("SmsSid") and sent.get("From")):
            raise Malformed("not a message")
        return SmsWebhook(messages=[IncomingSms(id=sent["SmsSid"], sender=sent["From"], body=sent.get("Body", ""))])

    def reply(self, raw: RawRequest, texts: Sequence[str]) -> RawResponse:
        """Return the texts as plain text."""
        return RawResponse(body="\n\n".join(texts).encode())

    def message_call(self, to: str, text: str, template: str = "") -> Call:
        """Return a call of `Sms/send`, with the id of the text's template."""
        sent = {"From": self._settings.number, "To": to, "Body": text, "DltEntityId": self._settings.dlt_entity}
        sent["DltTemplateId"] = template
        return Call(account=self.account, method="messages", body=urlencode(sent).encode())

    async def send(self, call: Call) -> SendResult:
        """Send a message."""
        try:
            async with self._client.post(self._url, data=call.body, allow_redirects=False) as response:
                answer = await read_answer(response.content, _LARGEST_ANSWER)
                return _result(response.status, answer, response.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, OSError) as error:
            return Transient(type(error).__name__)

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Raise: a text message has no files."""
        raise MediaGone("a text message has no files")

    async def discard(self, ref: MediaRef) -> None:
        """Do nothing: a text message has no files."""


def _result(status: int, answer: bytes, retry_after: str) -> SendResult:
    if 200 <= status < 300:
        return Accepted() if _sid(answer) else Transient("unconfirmed")
    if status == 429:
        return Throttled(seconds_to_wait(retry_after, 5), "account")
    if status >= 500 or 300 <= status < 400:
        return Transient(str(status))
    return Misconfigured(str(status)) if status in {401, 402, 403} else Permanent(str(status))
