"""Client of the Bot API: pooled connections, no redirects, no cookies, nothing logged."""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import msgspec

from satark.api import Accepted, Call, ChannelContext, Permanent, ProviderClient, SendResult, Transient, read_answer
from satark_telegram.answers import BotApiError, read, result_of
from satark_telegram.attachments import SentMessage, TelegramAttachmentSender
from satark_telegram.rendering import ATTACHMENT, DELETE_MESSAGES
from satark_telegram.settings import TelegramSettings
from satark_telegram.update_parser import ACKNOWLEDGE

UPDATE_KINDS: Final = ("message", "edited_message", "callback_query")
"""The kinds of updates that Satark subscribes to."""
_MAX_RESPONSE_BYTES: Final = 16 * 1024 * 1024
"""Size of the longest response: enough for a hundred long updates."""
_JSON: Final = {"Content-Type": "application/json"}


class BotFile(msgspec.Struct):
    """Where a file is, and its size in bytes; 0: unknown."""

    file_path: str
    file_size: int = 0


class BotApi(ProviderClient):
    """The client of one bot."""

    def __init__(self, settings: TelegramSettings, context: ChannelContext | None = None) -> None:
        super().__init__(settings.send_seconds)
        self._settings = settings
        self._base = f"{settings.api_url}/bot{settings.token.get_secret_value()}"
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

        Args:
            method: its name.
            parameters: as JSON, or as a form with a file.
            more_seconds: the seconds for which Telegram is asked to wait.

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

    async def set_menu(self, commands: Mapping[str, str], language: str | None) -> None:
        """Set the menu (command → description) of a language; with None, the default menu.

        Raises:
            BotApiError: the call failed.
        """
        menu = [{"command": name, "description": text} for name, text in commands.items()]
        await self._call("setMyCommands", commands=menu, **({"language_code": language} if language else {}))

    async def poll(self, offset: int, seconds: int) -> list[bytes]:
        """Poll for updates from an offset on, which confirms all earlier updates. Wait at most so many seconds.

        Raises:
            BotApiError: Telegram or the network failed.
        """
        wanted = {"offset": offset, "timeout": seconds, "allowed_updates": UPDATE_KINDS}
        answer = await self.call("getUpdates", msgspec.json.encode(wanted), more_seconds=seconds)
        return [bytes(update) for update in read(answer, list[msgspec.Raw])]

    async def find_file(self, file_id: str) -> BotFile:
        """Return where a file is.

        Raises:
            BotApiError: Telegram or the network failed, or the file does not exist, or it is too large for a bot.
        """
        return read(await self._call("getFile", file_id=file_id), BotFile)

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
