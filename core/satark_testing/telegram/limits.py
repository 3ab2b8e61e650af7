"""Checks whether Telegram would accept a call: its lengths and counts, and the Bot API's own description.

Source: Telegram, Bot API 10.1, the descriptions in words of `sendMessage`, `InlineKeyboardButton`, `deleteMessages`,
`setWebhook` and `BotCommand`. The text's length is counted in UTF-16 units, the stricter of two readings.

`Description` reads what PaulSonOfLars/telegram-bot-api-spec draws from Telegram's pages (MIT licence): `methods` and
`types`, name → fields → `types` and `required`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

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


_ARRAY: Final = "Array of "
_PLAIN: Final[Mapping[str, tuple[type, ...]]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
}


class Description:
    """The methods and types of the Bot API, against which calls are checked."""

    def __init__(self, methods: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        self.methods = methods
        self.types = types

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a description.

        Raises:
            OSError: the file can't be read.
        """
        data = json.loads(path.read_text())
        return cls(data["methods"], data["types"])

    def check(self, method: str, parameters: Mapping[str, Any]) -> None:
        """Check a call as it was posted. In a form, values are text, and objects and lists are JSON.

        Raises:
            RefusedError: Telegram would refuse it.
        """
        if method not in self.methods:
            raise RefusedError(f"method {method} is not known")
        fields = self.methods[method]
        plain = {name: _decoded(value, fields.get(name, {}).get("types", ())) for name, value in parameters.items()}
        self._check_fields(plain, fields, method)

    def _check_fields(self, given: Mapping[str, Any], fields: Mapping[str, Any], where: str) -> None:
        for name in given:
            if name not in fields:
                raise RefusedError(f"{where} has no {name}")
        for name, field in fields.items():
            if name in given:
                self._check_value(given[name], field["types"], f"{where}.{name}")
            elif field["required"]:
                raise RefusedError(f"{where} needs {name}")

    def _check_value(self, value: Any, types: Sequence[str], where: str) -> None:
        refusals = [refusal for name in types if (refusal := self._refusal(value, name, where))]
        if len(refusals) == len(types):
            raise refusals[0]

    def _refusal(self, value: Any, name: str, where: str) -> RefusedError | None:
        try:
            self._check_type(value, name, where)
        except RefusedError as refusal:
            return refusal
        return None

    def _check_type(self, value: Any, name: str, where: str) -> None:
        if name.startswith(_ARRAY):
            _need(isinstance(value, list), f"{where} must be a list")
            for item in value:
                self._check_value(item, [name.removeprefix(_ARRAY)], where)
        elif name in _PLAIN:
            fits = isinstance(value, _PLAIN[name]) and (name == "Boolean" or not isinstance(value, bool))
            _need(fits, f"{where} must be of type {name}")
        elif "subtypes" in self.types[name]:
            self._check_value(value, self.types[name]["subtypes"], where)
        else:
            _need(isinstance(value, dict), f"{where} must be a {name}")
            self._check_fields(value, self.types[name]["fields"], where)

    def sample(self, name: str, *, depth: int = 0) -> Any:
        """Make a value of a type with its required fields and, down to this depth, its optional fields."""
        if name.startswith(_ARRAY):
            return [self.sample(name.removeprefix(_ARRAY), depth=depth)]
        if name in _PLAIN:
            return {"Integer": 1, "Float": 1.5, "String": "private", "Boolean": True}[name]
        described = self.types[name]
        if "subtypes" in described:
            return self.sample(described["subtypes"][0], depth=depth)
        return {
            field: self.sample(what["types"][0], depth=depth - 1)
            for field, what in described["fields"].items()
            if what["required"] or depth > 0
        }


def _decoded(value: Any, types: Sequence[str]) -> Any:
    """Decode the text of a form to the type that the description names."""
    if not isinstance(value, str) or "String" in types:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
