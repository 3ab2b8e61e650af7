"""A local Bot API that uses Telegram's real protocol and refuses what Telegram would refuse.

Tests and the demo's phone simulator use it. It keeps everything in memory, and contacts no other host.
"""

import asyncio
import json
import re
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

from satark_testing.processes.serving import Provider, ScriptedFaults
from satark_testing.telegram.messages import BotMessage, Person, Update, Updates

TEXT: Final = 4096
CAPTION: Final = 1024
CALLBACK_DATA_BYTES: Final = 64
BUTTONS: Final = 100
BUTTONS_A_ROW: Final = 8
COMMANDS: Final = 100
DELETED_AT_ONCE: Final = 100
DESCRIPTION: Final = 256
DOWNLOAD_BYTES: Final = 20 * 1024 * 1024

_is_command = re.compile(r"[a-z0-9_]{1,32}").fullmatch
_is_secret = re.compile(r"[A-Za-z0-9_-]{1,256}").fullmatch
_is_language = re.compile(r"[a-z]{2}").fullmatch


class RefusedError(Exception):
    """Telegram would refuse this call; the message says why."""


def check_limits(method: str, parameters: Mapping[str, Any]) -> None:
    """Check a call's lengths and counts.

    Raises:
        RefusedError: Telegram would refuse it.
    """
    check = _CHECKS.get(method)
    if check is not None:
        check(parameters)


def as_json(value: Any) -> Any:
    """Decode a posted value, whether it came in a form or in JSON."""
    return json.loads(value) if isinstance(value, str) else value


def _message(parameters: Mapping[str, Any]) -> None:
    text = str(parameters.get("text", ""))
    _need(text.strip(), "message text is empty")
    _need(len(text.encode("utf-16-le")) // 2 <= TEXT, "message is too long")
    _keyboard(parameters)


def _file(parameters: Mapping[str, Any]) -> None:
    caption = str(parameters.get("caption", ""))
    _need(len(caption.encode("utf-16-le")) // 2 <= CAPTION, "message caption is too long")
    _keyboard(parameters)


def _keyboard(parameters: Mapping[str, Any]) -> None:
    keyboard = as_json(parameters.get("reply_markup", "{}")).get("inline_keyboard", [])
    _need(sum(map(len, keyboard)) <= BUTTONS, "reply markup is too long")
    for row in keyboard:
        _need(0 < len(row) <= BUTTONS_A_ROW, "row of the keyboard")
        for button in row:
            _button(button)


def _button(button: Mapping[str, Any]) -> None:
    _need(button["text"].strip(), "button text is empty")
    _need(1 <= len(button["callback_data"].encode()) <= CALLBACK_DATA_BYTES, "BUTTON_DATA_INVALID")


def _webhook(parameters: Mapping[str, Any]) -> None:
    secret = parameters.get("secret_token")
    _need(secret is None or _is_secret(secret), "secret token contains unallowed characters")


def _commands(parameters: Mapping[str, Any]) -> None:
    commands = as_json(parameters["commands"])
    _need(len(commands) <= COMMANDS, "too many commands")
    _need(_is_language(parameters.get("language_code", "en")), "invalid language code specified")
    for command in commands:
        _need(_is_command(command["command"]), "BOT_COMMAND_INVALID")
        _need(1 <= len(command["description"]) <= DESCRIPTION, "BOT_COMMAND_DESCRIPTION_INVALID")


def _deletion(parameters: Mapping[str, Any]) -> None:
    numbers = as_json(parameters["message_ids"])
    _need(1 <= len(numbers) <= DELETED_AT_ONCE, "message identifiers")


_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any]], None]]] = {
    "sendMessage": _message,
    "sendVoice": _file,
    "sendPhoto": _file,
    "deleteMessages": _deletion,
    "setWebhook": _webhook,
    "setMyCommands": _commands,
}


def _need(condition: object, message: str) -> None:
    if not condition:
        raise RefusedError(message)


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
        secret_token: the token that webhooks repeat, unless the bot registers another one.
        check: checks each call's method and parameters, beside the limits; raises `RefusedError`.
    """

    def __init__(self, *, token: str, secret_token: str, check: Check | None = None) -> None:
        super().__init__()
        self.token = token
        self.secret_token = secret_token
        self.bot_id = int(token.partition(":")[0])
        self.updates = Updates()
        self.faults: BotFaults = BotFaults()
        self.webhook = ""
        """The URL that the bot registered as its webhook."""
        self.certificate = False
        """Whether a certificate was uploaded with it."""
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
                self.route("GET", f"/file/bot{token}/{{path:path}}", DOWNLOAD, self._download),
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
        self.webhook, self.certificate = given["url"], "certificate" in given
        self.secret_token = given.get("secret_token", self.secret_token)
        return True

    async def _on_deleteWebhook(self, _given: Mapping[str, Any]) -> Any:  # noqa: N802
        self.webhook, self.certificate = "", False
        return True

    async def _on_getWebhookInfo(self, _given: Mapping[str, Any]) -> Any:  # noqa: N802
        pending = len(self._pending)
        return {"url": self.webhook, "has_custom_certificate": self.certificate, "pending_update_count": pending}

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
