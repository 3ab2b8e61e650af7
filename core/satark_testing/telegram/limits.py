"""Checks whether Telegram would accept a call: its lengths and counts.

Source: Telegram, Bot API 10.1, the descriptions in words of `sendMessage`, `InlineKeyboardButton`, `deleteMessages`,
`setWebhook` and `BotCommand`. The text's length is counted in UTF-16 units, the stricter of two readings.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

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
