"""Mutates inputs by their structure: JSON and MessagePack as trees, forms by field, everything else as bytes.

A string inside a tree may itself be JSON, a form or a body; it is mutated by the same rules.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

MAX_BYTES: Final = 200_000
"""Maximum size of a mutated input, in bytes."""

_NUMBERS: Final = (0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), -(2**63) - 1, 10**30, 0.5, 1e308)
_TEXTS: Final = (
    "", " ", "\0", "\ud83d", "\udcff", "0" * 16, "9" * 4400, "²", "३", "٣", "é" * 300, "a" * 20_000, "../../etc",
    "\r\n", "%00", "%ff", "+", "-1", "1e999", "NaN", "\u202e", "\u2028", "ﬁ", "İ", "{}", "[]", "null", "true", "=&=",
)  # fmt: skip
_BYTES: Final = (b"", b"\0", b"\xff", b"\r\n", b"--", b"\xf0\x9f", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0" * 40)
_DEPTH: Final = 3_000


class Mutator:
    """Mutates inputs.

    Args:
        words: words that the parser looks for.
        others: further valid inputs, of which parts are taken.
    """

    def __init__(self, words: Sequence[str], others: Sequence[bytes] = ()) -> None:
        self._words = tuple(words) or ("x",)
        self._trees = [tree for tree in map(_tree, others) if tree is not None]

    def mutate(self, data: bytes, rng: random.Random) -> bytes:
        """Return a mutated input. The same state of `rng` gives the same input."""
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            data = self._once(data, rng)[:MAX_BYTES]
        return data

    def _once(self, data: bytes, rng: random.Random) -> bytes:
        found = _tree(data) if rng.random() < 0.85 else None
        if found is None:
            return self._bytes(data, rng)
        encode, tree = found
        try:
            return encode(self._node(tree, rng))
        except (ValueError, TypeError, OverflowError, RecursionError):
            return self._bytes(data, rng)

    def _node(self, node: Any, rng: random.Random) -> Any:
        """Mutate one node of a tree, most often a deep one."""
        if isinstance(node, dict) and node and rng.random() < 0.85:
            return self._in_dict(node, rng)
        if isinstance(node, list) and node and rng.random() < 0.85:
            return self._in_list(node, rng)
        return self._value(node, rng)

    def _in_dict(self, node: dict[Any, Any], rng: random.Random) -> dict[Any, Any]:
        key, changed = rng.choice(list(node)), dict(node)
        match rng.randrange(12):
            case 0:
                del changed[key]
            case 1:
                changed[rng.choice(self._words)] = self._foreign(rng)
            case 2:
                changed[rng.choice(self._words)] = changed.pop(key)
            case _:
                changed[key] = self._node(node[key], rng)
        return changed

    def _in_list(self, node: list[Any], rng: random.Random) -> list[Any]:
        at, changed = rng.randrange(len(node)), list(node)
        match rng.randrange(10):
            case 0:
                del changed[at]
            case 1:
                changed.insert(at, self._foreign(rng))
            case 2:
                changed[at:at] = [node[at]] * rng.choice((1, 3, 300))
            case _:
                changed[at] = self._node(node[at], rng)
        return changed

    def _value(self, node: Any, rng: random.Random) -> Any:
        if isinstance(node, str) and rng.random() < 0.8:
            return self._text(node, rng)
        if isinstance(node, bytes) and rng.random() < 0.8:
            return self._once(node, rng)
        if isinstance(node, int | float) and rng.random() < 0.5:
            return rng.choice((node + 1, node - 1, -node, node * 2, *_NUMBERS))
        return self._foreign(rng)

    def _foreign(self, rng: random.Random) -> Any:
        """Return a value of any kind, or a part of another input."""
        match rng.randrange(9):
            case 0:
                return rng.choice((None, True, False))
            case 1 | 2:
                return rng.choice(_NUMBERS)
            case 3:
                return rng.choice(([], {}, [[]], {"": {}}))
            case 4:
                return _nested(rng)
            case 5 | 6 if self._trees:
                return _part(rng.choice(self._trees)[1], rng)
            case _:
                return rng.choice((*_TEXTS, *self._words))

    def _text(self, text: str, rng: random.Random) -> str:
        """Mutate a string: as JSON or a form if it is one, otherwise by characters."""
        match rng.randrange(8):
            case 0:
                return rng.choice((*_TEXTS, *self._words))
            case 1 if "&" in text or "=" in text:
                return self._form(text, rng)
            case 2 | 3:
                at = rng.randrange(len(text) + 1)
                return text[:at] + rng.choice((*_TEXTS, *self._words)) + text[at + rng.choice((0, 0, 1, 5)) :]
            case 4:
                at = rng.randrange(len(text) + 1)
                return text[:at]
            case _:
                return text_of(self._once(bytes_of(text), rng))

    def _form(self, text: str, rng: random.Random) -> str:
        fields = text.split("&")
        at = rng.randrange(len(fields))
        name, _, value = fields[at].partition("=")
        choices = (
            f"{rng.choice(self._words)}={value}",
            f"{name}={rng.choice(_TEXTS)}",
            f"{name}={rng.choice(self._words)}",
            name,
            f"{fields[at]}&{fields[at]}",
            "",
        )
        fields[at] = rng.choice(choices)
        return "&".join(fields)

    def _bytes(self, data: bytes, rng: random.Random) -> bytes:
        at = rng.randrange(len(data) + 1)
        match rng.randrange(8):
            case 0:
                return data[:at]
            case 1:
                return data[:at] + data[at + rng.choice((1, 2, 8, 100)) :]
            case 2:
                return data[:at] + data[at : at + rng.choice((4, 64, 2000))] * rng.choice((2, 3, 30)) + data[at:]
            case 3:
                return data[:at] + rng.choice(_BYTES) + data[at + rng.choice((0, 1, 4)) :]
            case 4:
                return data[:at] + bytes_of(rng.choice(self._words)) + data[at:]
            case 5:
                return data[:at] + rng.randbytes(rng.choice((1, 4, 40))) + data[at:]
            case _:
                return _flipped(data, rng)


def text_of(data: bytes) -> str:
    """Convert any bytes to text; `bytes_of` converts them back."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """Convert any text to bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def to_json(tree: Any) -> bytes:
    """Encode a tree as JSON that keeps every string unchanged, including lone surrogates."""
    return json.dumps(tree).encode()


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 3))):
        if changed:
            at = rng.randrange(len(changed))
            changed[at] = rng.choice((changed[at] ^ (1 << rng.randrange(8)), rng.randrange(256)))
    return bytes(changed)


def _tree(data: bytes) -> tuple[Callable[[Any], bytes], Any] | None:
    """Decode a JSON or MessagePack container, and return how to encode it again."""
    if data[:1] in {b"{", b"["}:
        try:
            return to_json, json.loads(data)
        except (ValueError, RecursionError):
            return None
    if (data[:1] and 0x80 <= data[0] <= 0x9F) or data[:1] in {b"\xdc", b"\xde"}:
        try:
            return msgspec.msgpack.encode, msgspec.msgpack.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, TypeError):
            return None
    return None


def _part(tree: Any, rng: random.Random) -> Any:
    """Return a part of a tree."""
    while isinstance(tree, dict | list) and tree and rng.random() < 0.8:
        tree = rng.choice(list(tree.values()) if isinstance(tree, dict) else tree)
    return tree


def _nested(rng: random.Random) -> Any:
    """Return a deeply nested value."""
    value: Any = 1
    for _ in range(rng.choice((3, 40, 200, _DEPTH))):
        value = {"a": value} if rng.random() < 0.5 else [value]
    return value
