"""Changes genuine requests by their structure: fields are deleted, and values get another type, depth or length."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec

from satark.api.channel import RawRequest

T = TypeVar("T")
_Path: TypeAlias = tuple[str | int, ...]

_Make: TypeAlias = Callable[[], RawRequest]
_DEPTH: Final = 40
_LONG: Final = 20_000
_TEXTS: Final = ("", "x" * _LONG, "\ud83d", "\x00", "http://[", "9" * 400)
"""Texts that parsers trip over: an empty and a long one, half an emoji, a NUL, an address that `urlsplit` refuses."""
_STRANGE: Final = (b"", b"<html>Sign in to the network</html>", b"{}", b"[]", b"null", b'"ok"', b'{"error":"upstream"}')
_DELETED: Final = object()
_TELLING: Final = 8
"""Letters of a value that stands in a text by no chance."""
_MOST: Final = 1_000
"""Most changes that are tried in each of two ways. If there are more, a fixed random choice is tried."""


def _nested() -> list[Any]:
    value: list[Any] = []
    for _ in range(_DEPTH):
        value = [value]
    return value


_VALUES: Final[Sequence[Any]] = (_DELETED, None, True, -1, 10**30, float("inf"), {}, [], [None], _nested(), *_TEXTS)
"""The values that replace a value. The first deletes it."""


def mutated(genuine: Sequence[RawRequest]) -> Iterator[tuple[str, RawRequest]]:
    """Yield copies of requests with one value changed, each after words that name the place."""
    changes: dict[object, tuple[str, _Make]] = {}
    for raw in genuine:
        data = json_of(raw.body)
        if data is None:
            changes |= {(place, n): (place, make) for n, (place, make) in enumerate(_field_changes(raw))}
            continue
        for path, number in _changes(data):
            changes[path, number] = _named(path), partial(_with, raw, data, path, _VALUES[number])
    yield from ((place, make()) for place, make in _chosen(changes))


def joined(genuine: Sequence[RawRequest]) -> Iterator[tuple[int, str, RawRequest]]:
    """Yield copies of requests in which a changed copy of an item stands before that item.

    Each comes after its request's number, and words that name the list.
    """
    changes: dict[object, tuple[int, str, _Make]] = {}
    for number, raw in enumerate(genuine):
        data = json_of(raw.body)
        lists = (path for path in _paths(data) if isinstance(items := _at(data, path), list) and items)
        for path in lists:
            for inside, value in _changes(_at(data, path)[0]):
                make = partial(_with_more, raw, data, path, inside, _VALUES[value])
                changes[path, inside, value] = number, _named(path), make
    yield from ((number, place, make()) for number, place, make in _chosen(changes))


def lengthened(genuine: Sequence[RawRequest], times: int) -> Iterator[tuple[str, RawRequest, RawRequest]]:
    """Yield requests with the first item of a list once more, and so many times more, after words that name it."""
    for raw in genuine:
        data = json_of(raw.body)
        for path in _paths(data):
            if isinstance(items := _at(data, path), list) and items:
                once, often = (_with(raw, data, path, [items[0]] * more + items) for more in (1, times))
                yield _named(path), once, often


def with_value(
    genuine: Sequence[RawRequest], values: Sequence[str | float], new: str | float
) -> Iterator[tuple[RawRequest, str, RawRequest]]:
    """Yield copies of requests with another value in place of one of `values`, each after the request and the value."""
    for raw in genuine:
        data = json_of(raw.body)
        for path in _paths(data):
            if isinstance(value := _at(data, path), str | float) and value in values:
                yield raw, str(value), _with(raw, data, path, str(new) if isinstance(value, str) else new)
        fields = [] if data is not None else parse_qsl(raw.body.decode(errors="replace"), keep_blank_values=True)
        for number, (name, value) in enumerate(fields):
            if value in values:
                changed = [*fields[:number], (name, str(new)), *fields[number + 1 :]]
                yield raw, value, _with_fields(raw, "body", changed)


def strange_answers(genuine: bytes) -> tuple[bytes, ...]:
    """Return answers with 200 from others than the provider: a captive portal, a proxy, a half-started server.

    The last is JSON with the keys of a genuine answer, in which every text is empty and every number 0.
    """
    return *_STRANGE, emptied(genuine)


def nudged(raw: RawRequest) -> Iterator[tuple[str, RawRequest]]:
    """Yield copies of a request, in each of which one text or number is another of the same form, after its value."""
    data = json_of(raw.body)
    for value, other in _others(data):
        yield value, _with(raw, other, (), other)
    for part, text in (("body", "" if data is not None else raw.body.decode(errors="replace")), ("query", raw.query)):
        fields = parse_qsl(text, keep_blank_values=True)
        for number, (name, value) in enumerate(fields):
            inside = [(one, json.dumps(other)) for one, other in _others(json_of(value.encode()))]
            for one, other in inside or [(value, another(value))]:
                yield one, _with_fields(raw, part, [*fields[:number], (name, other), *fields[number + 1 :]])


def _others(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield each text or number of JSON data, with the data in which another stands there."""
    for path in _paths(data):
        if type(value := _at(data, path)) in {int, str}:
            yield str(value), _replaced(data, path, another(value) if isinstance(value, str) else value + 1)


def another(text: str) -> str:
    """Return a text of the same form, such as another person's address, by changing its last letter or digit."""
    at = max((index for index, letter in enumerate(text) if letter.isalnum()), default=-1)
    return f"{text[:at]}{'7' if text[at] != '7' else '3'}{text[at + 1 :]}" if at >= 0 else text


def emptied(body: bytes, text: str = "") -> bytes:
    """Return JSON with the same keys, in which every text is empty, or this one, and every number 0."""

    def empty(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: empty(part) for key, part in value.items()}
        if isinstance(value, str):
            return text
        return list(map(empty, value)) if isinstance(value, list) else value and type(value)()

    return json.dumps(empty(json_of(body))).encode()


def echoes(
    bodies: Sequence[bytes], named: Sequence[Mapping[str, object]]
) -> Iterator[tuple[str, Sequence[str | int] | None]]:
    """Yield the name of each value that two answers repeat, with its place in JSON.

    `named`: for each answer, the values by name.
    """
    data = [*map(json_of, bodies)]
    for name in named[0]:
        values = [str(one[name]) for one in named]
        if None in data:
            long = min(map(len, values)) >= _TELLING
            if long and all(one.encode() in body for one, body in zip(values, bodies, strict=True)):
                yield name, None
            continue
        for path in _paths(data[0]):
            if all(_is_at(one, path, value) for one, value in zip(data, values, strict=True)):
                yield name, path


def with_another(body: bytes, path: Sequence[str | int] | None, value: str) -> bytes:
    """Return an answer with another value in place of one that `echoes` found."""
    if path is None:
        return body.replace(value.encode(), another(value).encode())
    found = _at(data := json_of(body), tuple(path))
    return json.dumps(_replaced(data, tuple(path), another(found) if isinstance(found, str) else found + 1)).encode()


def _is_at(data: Any, path: _Path, value: str) -> bool:
    try:
        found = _at(data, path)
    except (LookupError, TypeError):
        return False
    return type(found) in {int, str} and str(found) == value


def _changes(data: Any) -> Iterator[tuple[_Path, int]]:
    """Yield each place in JSON data with the number of each value that it may get."""
    return ((path, number) for path in _paths(data) for number in range(not path, len(_VALUES)))


def _chosen(changes: dict[object, T]) -> list[T]:
    every = list(changes.values())
    return Random(_MOST).sample(every, _MOST) if len(every) > _MOST else every  # noqa: S311 - nothing secret


def _with(raw: RawRequest, data: Any, path: _Path, value: Any) -> RawRequest:
    text = json.dumps(_replaced(data, path, value)).replace("Infinity", "1e400")
    return msgspec.structs.replace(raw, body=text.encode())


def _with_more(raw: RawRequest, data: Any, path: _Path, inside: _Path, value: Any) -> RawRequest:
    items = _at(data, path)
    return _with(raw, data, path, [_replaced(items[0], inside, value), *items])


def _at(data: Any, path: _Path) -> Any:
    for key in path:
        data = data[key]
    return data


def json_of(body: bytes) -> Any:
    """Return the object or the list that a body has as JSON; None: it has neither."""
    try:
        data = json.loads(body)
    except ValueError:
        return None
    return data if isinstance(data, dict | list) else None


def _paths(data: Any, path: _Path = ()) -> Iterator[_Path]:
    yield path
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in parts:
        yield from _paths(value, (*path, key))


def _replaced(data: Any, path: _Path, value: Any) -> Any:
    """Return a copy of JSON data with another value at a place."""
    if not path:
        return value
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    if len(path) == 1 and value is _DELETED:
        del copy[path[0]]
    else:
        copy[path[0]] = _replaced(data[path[0]], path[1:], value)
    return copy


def _field_changes(raw: RawRequest) -> Iterator[tuple[str, _Make]]:
    """Yield the changes of each field of a form and of a query."""
    for part, text in (("body", raw.body.decode(errors="replace")), ("query", raw.query)):
        fields = parse_qsl(text, keep_blank_values=True)
        for number, (name, _) in enumerate(fields):
            rest = [*fields[:number], *fields[number + 1 :]]
            for changed in (rest, *([*rest, (name, value)] for value in _TEXTS)):
                yield name, partial(_with_fields, raw, part, changed)


def _with_fields(raw: RawRequest, part: str, fields: Sequence[tuple[str, str]]) -> RawRequest:
    encoded = urlencode(fields, errors="surrogatepass")
    return msgspec.structs.replace(raw, **{part: encoded.encode() if part == "body" else encoded})


def _named(path: _Path) -> str:
    return ".".join(map(str, path)) or "the whole"
