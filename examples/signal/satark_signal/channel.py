"""The channel: one number at Signal, through signal-cli-rest-api. Each method's rules: `satark.api.Channel`.

Source: bbernhard/signal-cli-rest-api. `src/client/jsonrpc2.go`: each message is posted to `RECEIVE_WEBHOOK_URL` once,
unsigned, as a JSON-RPC notification.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import msgspec

from satark.api import (
    Accepted,
    Address,
    Batch,
    Call,
    Capabilities,
    Endpoint,
    Malformed,
    MediaRef,
    Misconfigured,
    Outcome,
    Permanent,
    Prompt,
    RawRequest,
    RawResponse,
    Receive,
    SendResult,
    Transient,
    decode_json,
    log,
)
from satark_files.decoding import DECODING_ERRORS
from satark_signal.api import SignalApi, file_path
from satark_signal.events import DELETE_FILE, batch_of
from satark_signal.faults import find_faults
from satark_signal.polling import Poller
from satark_signal.received import decode_notification

if TYPE_CHECKING:
    from satark_signal.plugin import SignalSettings


class SignalChannel:
    """One number. Messages are posted to a secret path if there is one; otherwise they are polled for."""

    name = "signal"
    # Longer texts than 2 KiB are sent as an attachment that the apps show as a text (AsamK/signal-cli 0.11.5).
    capabilities = Capabilities(kind="chat", text=4000, body=4000, resends=False)  # it brings each message once

    def __init__(self, settings: SignalSettings) -> None:
        self._settings = settings
        self._path = f"/signal/webhook/{settings.path_secret.get_secret_value()}" if settings.path_secret else ""
        self._api = SignalApi(settings.url)
        self._poller = Poller(self._api, settings)
        self.accounts = (f"{self.name}:{settings.number}",)

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The webhook, if there is one."""
        return (Endpoint(path=self._path, methods=("POST",), limit=1024 * 1024),) if self._path else ()

    def verify(self, raw: RawRequest) -> bool:
        """Compare the path, in constant time."""
        return bool(self._path) and hmac.compare_digest(raw.path.encode(), self._path.encode())

    def parse(self, raw: RawRequest) -> Batch:
        """Read one message."""
        try:
            return batch_of(decode_json(raw.body, decode_notification).params, self._settings.number)
        except DECODING_ERRORS:
            raise Malformed("not a notification of signal-cli") from None

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return the call that sends a prompt as text."""
        sent = {"number": self._settings.number, "recipients": [to.reveal()], "message": prompt.text}
        body = msgspec.json.encode({**sent, "text_mode": "normal", "notify_self": False})
        return [Call(account=account, method="send", body=body)]

    def notice(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        """Return the same call: Signal has no reply window."""
        return self.render(prompt, account, to)

    def erase(self, message_ids: Sequence[str], account: str, to: Address) -> Sequence[Call]:
        """Return the calls that delete our messages on both sides. Only senders can delete theirs."""
        bodies = [{"recipient": to.reveal(), "timestamp": int(sent_at)} for sent_at in sorted(message_ids)]
        return [Call(account=account, method="erase", body=msgspec.json.encode(body)) for body in bodies]

    def reply(self, raw: RawRequest, outcome: Outcome) -> RawResponse:
        """Answer 200 with an empty body."""
        return RawResponse()

    async def open(self) -> None:
        """Open the HTTP client."""
        await self._api.open()

    async def close(self) -> None:
        """Close the HTTP client."""
        await self._api.close()

    async def send(self, call: Call, call_id: str) -> SendResult:
        """Make one call. The service has no field for `call_id`."""
        match call.method:
            case "send":
                return await self._api.call("POST", "/v2/send", call.body)
            case "erase":
                return await self._api.call("DELETE", f"/v1/remote-delete/{self._settings.number}", call.body)
            case _ if call.method == DELETE_FILE:
                return await self._delete(call.body.decode())
        return Permanent("method")

    def fetch(self, ref: MediaRef) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Stream a file from signal-cli's store."""
        return self._api.file(ref)

    async def discard(self, ref: MediaRef) -> None:
        """Delete a file from signal-cli's store, and tell the operator if it stays there."""
        result = await self._delete(ref.id)
        if not isinstance(result, Accepted):
            log.warning("a file stays in signal-cli's store", channel=self.name, code=_code(result))

    async def listen(self, receive: Receive) -> None:
        """Poll if there is no webhook. Messages that `receive` did not accept are passed to it again first."""
        if self._path:
            await asyncio.Event().wait()
        await self._poller.run(receive)

    async def find_faults(self) -> Sequence[str]:
        """Ask the service for its mode and its numbers."""
        return await find_faults(self._settings)

    async def _delete(self, id_: str) -> SendResult:
        result = await self._api.call("DELETE", file_path(id_))
        return Accepted() if result == Permanent("404") else result  # it is gone already


def _code(result: SendResult) -> str:
    return result.code if isinstance(result, Misconfigured | Permanent | Transient) else type(result).__name__
