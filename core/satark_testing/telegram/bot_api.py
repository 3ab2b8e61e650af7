"""A local Bot API that uses Telegram's real protocol and refuses what Telegram would refuse.

Tests and the demo's phone simulator use it. It keeps everything in memory, and contacts no other host.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from satark_testing.peers.faults import ScriptedFaults
from satark_testing.processes.serving import Provider
from satark_testing.telegram.limits import DOWNLOAD_BYTES, RefusedError, as_json, check_limits
from satark_testing.telegram.messages import BotMessage, Person, Update, Updates

__all__ = ["BotMessage", "Person", "StoredFile", "TelegramPeer", "Update", "Updates"]

_REMEMBERED = 100_000
_POST_ATTEMPTS = 5
Watcher = Callable[[str, Mapping[str, Any]], None]
Check = Callable[[str, Mapping[str, Any]], None]


DOWNLOAD: Final = "(download)"
"""The name of the operation that downloads a file, besides the names of methods."""


class BotFaults(ScriptedFaults):
    """The scripted faults of the Bot API, by method."""

    def fail_next(
        self, code: int, description: str = "scripted", times: int = 1, *, on: str = "", **parameters: Any
    ) -> None:
        """Answer the next requests of one method with an error. `retry_after=5` becomes one of its parameters."""
        for _ in range(times):
            self.answer_next(error(code, description, **parameters), on=on)


def error(code: int, description: str, **parameters: Any) -> JSONResponse:
    """Build Telegram's error envelope."""
    problem: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return JSONResponse({**problem, "parameters": parameters} if parameters else problem, code)


class StoredFile(msgspec.Struct):
    """A file at the provider. Tests may change the fields below `path`."""

    data: bytes
    path: str
    size: int | None = None
    """The size to announce, in bytes."""
    cut_after: int | None = None
    """Number of bytes after which the download breaks off."""


class TelegramPeer(Provider[BotMessage]):
    """One bot at a simulated Telegram.

    Serve `app` (see `satark_testing.processes.serving.serve`) and give its address to the channel as `api_url`.

    Args:
        token: the bot's.
        secret_token: what webhooks repeat, unless the bot registers another one.
        check: checks each call's method and parameters, beside the limits; raises `RefusedError`.
    """

    def __init__(self, *, token: str, secret_token: str, check: Check | None = None) -> None:
        super().__init__()
        self.token = token
        self.secret_token = secret_token
        self.bot_id = int(token.partition(":")[0])
        self.updates = Updates()
        self.faults = BotFaults()
        self.webhook = ""
        """The URL that the bot registered as its webhook."""
        self.menus: dict[str, dict[str, str]] = {}
        """Language code (empty: the default) → command → description."""
        self.sent: deque[BotMessage] = deque(maxlen=_REMEMBERED)
        """Every accepted message, oldest first."""
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_REMEMBERED)
        """Every accepted call: its method and its parameters as they were posted."""
        self.blocked: set[int] = set()
        """Chats whose user blocked the bot."""
        self.deleted: set[tuple[int, int]] = set()
        """Chat and message id of every message that the bot deleted."""
        self.files: dict[str, StoredFile] = {}
        self.uploads: list[str] = []
        """The ids of the files that the bot uploaded, in order."""
        self._check = check
        self._watchers: list[Watcher] = []
        self._pending: deque[Update] = deque()
        self._arrived = asyncio.Event()
        bot = f"/bot{token}/{{method}}"
        self.app = Starlette(
            routes=[
                Route(bot, self._method, methods=["GET", "POST"]),
                Route(f"/file/bot{token}/{{path:path}}", self._download),
                Route("/{rest:path}", self._unauthorized, methods=["GET", "POST"]),
            ]
        )

    def watch(self, callback: Watcher) -> Callable[[], None]:
        """Call a function with method and parameters of each accepted call. Returns the function that unsubscribes."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def add_file(self, data: bytes, folder: str = "photos") -> dict[str, Any]:
        """Store a file; return the fields that every kind of file has in an update."""
        file_id = f"AgACAgUAAx{secrets.token_urlsafe(24)}"
        self.files[file_id] = StoredFile(data, f"{folder}/file_{len(self.files)}")
        return {"file_id": file_id, "file_unique_id": file_id[-16:], "file_size": len(data)}

    async def post(self, url: str, update: Update) -> int:
        """Post an update with the secret, as Telegram would; return the HTTP status."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret_token, "Content-Type": "application/json"}
        async with self.session.post(url, data=json.dumps(update).encode(), headers=headers) as response:
            await response.read()
            return response.status

    async def deliver(self, update: Update, url: str = "") -> None:
        """Deliver an update: to this URL, to the bot's webhook until it accepts it, or to the bot's next poll.

        Raises:
            AssertionError: the webhook does not accept it.
        """
        if not (url or self.webhook):
            self._pending.append(update)
            self._arrived.set()
            return
        for attempt in range(_POST_ATTEMPTS):
            if await self.post(url or self.webhook, update) == 200:  # noqa: PLR2004 - HTTP: OK
                return
            await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError("the webhook does not take it")

    async def _unauthorized(self, _request: Request) -> Response:
        return error(401, "Unauthorized")

    async def _method(self, request: Request) -> Response:
        method = request.path_params["method"]
        scripted = await self.faults.next(method)
        if scripted is not None:
            return scripted
        parameters = await self._parameters(request)
        try:
            if self._check is not None:
                self._check(method, parameters)
            check_limits(method, parameters)
        except RefusedError as refused:
            return error(400, f"Bad Request: {refused}")
        answer = getattr(self, f"_on_{method}", None)
        if answer is None:
            return error(404, "Not Found: method not found")
        result = await answer(parameters)
        if isinstance(result, Response):
            return result
        self.calls.append((method, parameters))
        for watcher in self._watchers:
            watcher(method, parameters)
        return JSONResponse({"ok": True, "result": result})

    async def _on_sendMessage(self, given: Mapping[str, Any]) -> Any:  # noqa: N802 - Telegram's name, likewise below
        return self._take(given, given["text"])

    async def _on_sendVoice(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        return self._take(given, given.get("caption", ""), voice=given["voice"])

    async def _on_sendPhoto(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        return self._take(given, given.get("caption", ""), photo=given["photo"])

    def _take(self, given: Mapping[str, Any], text: str, voice: str = "", photo: str = "") -> Any:
        chat = int(given["chat_id"])
        if chat in self.blocked:
            return error(403, "Forbidden: bot was blocked by the user")
        if (voice or photo) and (voice or photo) not in self.files:
            return error(400, "Bad Request: wrong file identifier/HTTP URL specified")
        keyboard = as_json(given.get("reply_markup", "{}")).get("inline_keyboard", [])
        protected = str(given.get("protect_content", "")).lower() == "true"
        number = self.updates.message_id()
        sent = BotMessage(
            id=number, address=chat, text=text, keyboard=keyboard, protected=protected, voice=voice, photo=photo
        )
        self.sent.append(sent)
        self.publish(sent, chat)
        return sent.message(self._bot())

    async def _on_editMessageReplyMarkup(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        wanted = (int(given["chat_id"]), int(given["message_id"]))
        found = next((sent for sent in self.sent if (sent.address, sent.id) == wanted), None)
        if found is None:
            return error(400, "Bad Request: message to edit not found")
        keyboard = as_json(given.get("reply_markup", "{}")).get("inline_keyboard", [])
        if keyboard == found.keyboard:
            return error(400, "Bad Request: message is not modified")
        found.keyboard = keyboard
        return found.message(self._bot())

    async def _on_deleteMessages(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        chat = int(given["chat_id"])
        self.deleted |= {(chat, number) for number in as_json(given["message_ids"])}
        return True

    async def _on_answerCallbackQuery(self, _given: Mapping[str, Any]) -> Any:  # noqa: N802
        return True

    async def _on_sendChatAction(self, _given: Mapping[str, Any]) -> Any:  # noqa: N802
        return True

    async def _on_setMyCommands(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        menu = {command["command"]: command["description"] for command in as_json(given["commands"])}
        self.menus[given.get("language_code", "")] = menu
        return True

    async def _on_setWebhook(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        self.webhook = given["url"]
        self.secret_token = given.get("secret_token", self.secret_token)
        return True

    async def _on_deleteWebhook(self, _given: Mapping[str, Any]) -> Any:  # noqa: N802
        self.webhook = ""
        return True

    async def _on_getFile(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        file_id = given["file_id"]
        stored = self.files.get(file_id)
        if stored is None:
            return error(400, "Bad Request: invalid file_id")
        size = len(stored.data) if stored.size is None else stored.size
        if size > DOWNLOAD_BYTES:
            return error(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": file_id[-16:], "file_size": size, "file_path": stored.path}

    async def _on_getUpdates(self, given: Mapping[str, Any]) -> Any:  # noqa: N802
        if self.webhook:
            return error(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(given.get("offset", 0))
        while self._pending and self._pending[0].get("update_id", 0) < offset:
            self._pending.popleft()
        if not self._pending:
            self._arrived.clear()
            try:
                async with asyncio.timeout(int(given.get("timeout", 0))):
                    await self._arrived.wait()
            except TimeoutError:
                return []
        return list(self._pending)

    async def _download(self, request: Request) -> Response:
        scripted = await self.faults.next(DOWNLOAD)
        if scripted is not None:
            return scripted
        path = request.path_params["path"]
        stored = next((file for file in self.files.values() if file.path == path), None)
        if stored is None:
            return error(404, "Not Found")
        headers = {"content-length": str(len(stored.data))}
        return Response(stored.data[: stored.cut_after], media_type="application/octet-stream", headers=headers)

    async def _parameters(self, request: Request) -> dict[str, Any]:
        """Read a call's parameters from JSON, a form or the query.

        Stores uploaded files, and returns their ids instead.
        """
        if request.method == "GET":
            return dict(request.query_params)
        body = await request.body()
        if request.headers.get("content-type", "").startswith("application/json"):
            given: dict[str, Any] = json.loads(body or b"{}")
            return given
        async with request.form() as form:
            return {name: await self._value(value) for name, value in form.items()}

    async def _value(self, value: UploadFile | str) -> str:
        if isinstance(value, str):
            return value
        file_id = str(self.add_file(await value.read(), "uploaded")["file_id"])
        self.uploads.append(file_id)
        return file_id

    def _bot(self) -> dict[str, Any]:
        return {"id": self.bot_id, "is_bot": True, "first_name": "Satark", "username": "satark_bot"}
