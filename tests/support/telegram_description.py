"""Checks calls against the Bot API's own description.

It is what PaulSonOfLars/telegram-bot-api-spec draws from Telegram's pages (MIT licence): `methods` and `types`, name →
fields → `types` and `required`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Self

from satark_testing.telegram.bot_api import RefusedError

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
        elif name == "InputFile":
            _need(isinstance(value, str), f"{where} must be a file")  # the peer stored it, and shows its id
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


def _need(condition: object, message: str) -> None:
    if not condition:
        raise RefusedError(message)
