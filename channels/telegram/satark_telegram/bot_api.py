"""Client of the Bot API: pooled connections, no redirects, no cookies, nothing logged.

Source: Telegram, Bot API 10.1: `sendVoice` (an OGG file with Opus), `sendPhoto`, "Sending files": a `file_id` stays
valid, belongs to the bot, and tells nothing of the chat that it was first sent to; `getFile`: files of up to 20 MB; the
URL is valid for an hour and contains the bot's token.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from satark.api import (
    Accepted,
    Call,
    ChannelContext,
    MediaGone,
    MediaRef,
    Permanent,
    ProviderClient,
    ReceiptPicture,
    SendResult,
    Transient,
    VoiceNote,
    file_chunks,
    read_answer,
)
from satark_telegram.errors import TOO_LARGE, BotApiError, read, result_of
from satark_telegram.rendering import ATTACHMENT, DELETE_MESSAGES, decode_attachment
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import ACKNOWLEDGE

_FILES_REMEMBERED: Final = 2_000
"""Most voice notes whose file id is remembered."""
_NAMES: Final = {"photo": "receipt.png", "voice": "note.ogg"}


class _Voice(msgspec.Struct):
    file_id: str


class SentMessage(msgspec.Struct):
    """The fields of a sent message (`Message`) that matter later."""

    message_id: int
    voice: _Voice | None = None


class TelegramAttachmentSender:
    """Sends voice notes and the receipt's picture. A note that many people hear is uploaded once, for all of them.

    Without a `context` nothing is sent.
    """

    def __init__(
        self, call: Callable[[str, bytes | aiohttp.FormData], Awaitable[msgspec.Raw]], context: ChannelContext | None
    ) -> None:
        self._call = call
        self._context = context
        self._file_ids: OrderedDict[str, str] = OrderedDict()

    async def send(self, body: bytes) -> int:
        """Send the attachment of a call. Return the message's id, or 0 if the attachment was empty.

        Raises:
            BotApiError: Telegram or the network failed.
        """
        attachment = decode_attachment(body)
        if self._context is None:
            return 0
        if attachment.receipt:
            return await self._picture(self._context, attachment.chat_id, attachment.receipt)
        return await self._note(self._context, attachment.chat_id, attachment.note) if attachment.note else 0

    async def _picture(self, context: ChannelContext, chat_id: str, receipt: ReceiptPicture) -> int:
        picture = await asyncio.to_thread(context.draw_receipt, receipt)
        button = {"text": receipt.button.label, "callback_data": receipt.button.token}
        keyboard = msgspec.json.encode({"inline_keyboard": [[button]]}).decode()
        sent = await self._upload("photo", picture, chat_id, caption=receipt.caption, reply_markup=keyboard)
        return sent.message_id

    async def _note(self, context: ChannelContext, chat_id: str, note: VoiceNote) -> int:
        key = note.reuse_key
        if file_id := self._file_ids.get(key):
            again: dict[str, Any] = {"chat_id": chat_id, "voice": file_id, "protect_content": True}
            try:
                return read(await self._call("sendVoice", msgspec.json.encode(again)), SentMessage).message_id
            except BotApiError as error:
                if not isinstance(error.result, Permanent):
                    raise
                self._file_ids.pop(key, None)
        data = await asyncio.to_thread(context.voice_notes.make, note)
        if not data:
            return 0
        sent = await self._upload("voice", data, chat_id)
        if key and sent.voice:
            self._remember(key, sent.voice.file_id)
        return sent.message_id

    async def _upload(self, kind: str, data: bytes, chat_id: str, **fields: str) -> SentMessage:
        form = aiohttp.FormData({"chat_id": chat_id, "protect_content": "true", **fields})
        form.add_field(kind, data, filename=_NAMES[kind])
        return read(await self._call(f"send{kind.title()}", form), SentMessage)

    def _remember(self, key: str, file_id: str) -> None:
        self._file_ids[key] = file_id
        while len(self._file_ids) > _FILES_REMEMBERED:
            self._file_ids.popitem(last=False)


UPDATE_KINDS: Final = ("message", "edited_message", "callback_query")
"""The kinds of updates that Satark subscribes to."""
_MAX_RESPONSE_BYTES: Final = 16 * 1024 * 1024
"""Size of the longest response: enough for a hundred long updates."""
_JSON: Final = {"Content-Type": "application/json"}
_OK: Final = 200
_GONE: Final = (404, 410)


class BotFile(msgspec.Struct):
    """Where a file is, and its size in bytes; 0: unknown."""

    file_path: str
    file_size: int = 0


class WebhookInfo(msgspec.Struct):
    """Where Telegram sends the bot's updates. URL empty: nowhere."""

    url: str
    has_custom_certificate: bool = False
    """Whether somebody uploaded a certificate, with which any address may pass for this URL."""


class BotApi(ProviderClient):
    def __init__(self, settings: TelegramSettings, context: ChannelContext | None = None) -> None:
        super().__init__(settings.send_seconds)
        self._settings = settings
        path = f"bot{settings.token.get_secret_value()}"
        self._base, self._files = f"{settings.api_url}/{path}", URL(f"{settings.api_url}/file/{path}")
        self._attachments = TelegramAttachmentSender(self.call, context)

    async def send(self, call: Call) -> SendResult:
        """Make one call. Never raises for a failure of Telegram or of the network."""
        try:
            if call.method == ATTACHMENT:
                return Accepted(str(await self._attachments.send(call.body) or ""))
            if call.method == ACKNOWLEDGE:
                await self._acknowledge(msgspec.json.decode(call.body))
                return Accepted()
            answer = await self.call(call.method, call.body)
            return Accepted() if call.method == DELETE_MESSAGES else Accepted(str(read(answer, SentMessage).message_id))
        except BotApiError as error:
            return error.result

    async def call(self, method: str, parameters: bytes | aiohttp.FormData, *, more_seconds: int = 0) -> msgspec.Raw:
        """Call a method; return its result.

        `parameters`: as JSON, or as a form with a file. `more_seconds`: for which Telegram is asked to wait.

        Raises:
            BotApiError: Telegram or the network failed.
        """
        headers = _JSON if isinstance(parameters, bytes) else None
        seconds = self._settings.send_seconds + more_seconds
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=self.connect_seconds)
        try:
            async with self.session.post(
                f"{self._base}/{method}", data=parameters, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                content = await read_answer(response.content, _MAX_RESPONSE_BYTES)
                return result_of(response.status, content, response.headers.get("Retry-After", ""))
        except TimeoutError:
            raise BotApiError(Transient("timeout")) from None
        except (aiohttp.ClientError, OSError):
            raise BotApiError(Transient("network")) from None

    async def register(self, url: str) -> None:
        """Register the webhook and its secret token.

        Raises:
            BotApiError: the call failed.
        """
        secret = self._settings.secret_token.get_secret_value()
        await self._call("setWebhook", url=url, allowed_updates=UPDATE_KINDS, secret_token=secret)

    async def unregister(self) -> None:
        """Delete the webhook: Telegram allows polling only without one.

        Raises:
            BotApiError: the call failed.
        """
        await self._call("deleteWebhook")

    async def webhook(self) -> WebhookInfo:
        """Ask where Telegram sends the updates.

        Raises:
            BotApiError: the call failed.
        """
        return read(await self._call("getWebhookInfo"), WebhookInfo)

    async def set_menu(self, commands: Mapping[str, str], language: str | None) -> None:
        """Set the menu (command → description) of a language; with None, the default menu.

        Raises:
            BotApiError: the call failed.
        """
        menu = [{"command": name, "description": text} for name, text in commands.items()]
        await self._call("setMyCommands", commands=menu, **({"language_code": language} if language else {}))

    async def poll(self, offset: int, seconds: int) -> list[bytes]:
        """Poll for updates from an offset on, which confirms all earlier updates. Wait at most `seconds`.

        Raises:
            BotApiError: Telegram or the network failed.
        """
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": UPDATE_KINDS}
        answer = await self.call("getUpdates", msgspec.json.encode(wanted), more_seconds=seconds)
        return [bytes(update) for update in read(answer, list[msgspec.Raw])]

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open a file as a stream. Its size is checked before the stream ends. No error shows the URL.

        Raises:
            MediaGone: Telegram no longer has the file, or it is too large, or larger than announced.
            OSError: Telegram or the network failed. Try again later.
        """
        file, most = await self._find_file(ref), self._settings.media_max_bytes
        if file.file_size > most:
            raise MediaGone("too large")
        try:
            async with await self.get_file(self._files / file.file_path, self._settings.stall_seconds) as response:
                _check_status(response.status)
                announced = max(file.file_size, ref.size)
                async with aclosing(file_chunks(response, announced or most, announced)) as chunks:
                    yield chunks
        except aiohttp.ClientError as error:  # its text contains the URL, and the URL contains the token
            raise ConnectionError(f"media: {type(error).__name__}") from None

    async def _find_file(self, ref: MediaRef) -> BotFile:
        try:
            file = read(await self._call("getFile", file_id=ref.id), BotFile)
        except BotApiError as error:
            if isinstance(error.result, Permanent):
                reason = "too large for a bot" if error.result.code == TOO_LARGE else "unknown at Telegram"
                raise MediaGone(reason) from None
            raise ConnectionError(f"media: {error}") from None
        if not file.file_path or file.file_path.startswith("/"):  # a path on the disk of the operator's own server
            raise ConnectionError("media: no path to download from")
        return file

    async def _call(self, method: str, **parameters: Any) -> msgspec.Raw:
        return await self.call(method, msgspec.json.encode(parameters))

    async def _acknowledge(self, body: dict[str, Any]) -> None:
        """If the body names a tap, end the tap's progress indicator and remove the keyboard; else show "typing…"."""
        query = body.get("callback_query_id")
        if query is None:
            await self._call("sendChatAction", chat_id=body["chat_id"], action="typing")
            return
        try:
            await self._call("answerCallbackQuery", callback_query_id=query)
        except BotApiError as error:  # the query may have expired; the keyboard is removed all the same
            if not isinstance(error.result, Permanent):
                raise
        if "message_id" in body:
            await self._call("editMessageReplyMarkup", chat_id=body["chat_id"], message_id=body["message_id"])


def _check_status(status: int) -> None:
    if status in _GONE:
        raise MediaGone("no longer at its URL")
    if status != _OK:
        raise ConnectionError(f"media: HTTP {status}")
