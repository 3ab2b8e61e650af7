"""Forges requests: their signature or secret, each header that proves them, and the body that is signed."""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

from satark.api.channel import RawRequest

Place: TypeAlias = Literal["headers", "query", "path"]
_RECENT_SECONDS: Final = 10 * 365 * 86_400
_unix_time: Final = re.compile(r"(?<![0-9A-Za-z])(1[4-9]\d{8})(?:\d{3})?(?![0-9A-Za-z])")
"""A Unix time in seconds or milliseconds; the group is the seconds."""


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """How requests prove that they come from a provider or an office."""

    covers_body: bool = True
    """Whether the signature covers the body. If only a secret is checked, a changed body still passes."""
    proven_by: Place = "headers"
    """The part of a request that holds its signature or secret."""
    unsigned: Sequence[str] = ()
    """The headers that prove nothing, such as `content-type`. Each other is forged alone."""


def timed(raw: RawRequest, case: Proven) -> dict[str, list[float]]:
    """Return the headers that prove a request and hold a time, each with that time."""
    return {name: at for name in proofs(raw, case) if (at := times(raw.headers[name]))}


def times(value: str) -> list[float]:
    """Return the recent times that a header's value has in it, in seconds or milliseconds."""
    return [float(at) for at in _unix_time.findall(value) if abs(time.time() - float(at)) < _RECENT_SECONDS]


def forgeries(raw: RawRequest, case: Proven) -> Iterator[tuple[str, RawRequest]]:
    """Yield forged copies of a genuine request, each after words that name the changed part.

    The changed part is the signature or secret, or the body that the signature covers.
    """
    for change, fields in _changed_secrets(raw, case):
        yield change, msgspec.structs.replace(raw, **fields)
    if raw.body and case.covers_body:
        for at in {0, len(raw.body) // 2, len(raw.body) - 1}:
            flipped = raw.body[:at] + bytes([raw.body[at] ^ 1]) + raw.body[at + 1 :]
            yield f"bit changed in byte {at}", msgspec.structs.replace(raw, body=flipped)
        yield "last byte dropped", msgspec.structs.replace(raw, body=raw.body[:-1])
        yield "a byte added", msgspec.structs.replace(raw, body=raw.body + b"\n")


def _changed_secrets(raw: RawRequest, case: Proven) -> Iterator[tuple[str, dict[str, object]]]:
    if case.proven_by == "headers":
        for name in proofs(raw, case):
            for change, value in _forged(raw.headers[name]):
                yield f"the header {name} {change} (or is it `unsigned`?)", {"headers": {**raw.headers, name: value}}
        return
    whole = raw.query if case.proven_by == "query" else raw.path
    head, slash, secret = ("", "", whole) if case.proven_by == "query" else whole.rpartition("/")
    for change, value in _forged(secret):
        yield f"{case.proven_by} {change}", {case.proven_by: f"{head}{slash}{value}"}


def proofs(raw: RawRequest, case: Proven) -> list[str]:
    """Return the names of the headers that prove a request, each of which is needed."""
    return [name for name, value in raw.headers.items() if value and name not in case.unsigned]


def _forged(value: str) -> Iterator[tuple[str, str]]:
    """Yield other values of a signature, a secret or a signed time."""
    yield "cut by a character", value[:-1]
    yield "cut to a prefix", value[: len(value) // 2]
    yield "cut at its beginning", value[1:]
    yield "extended by a character", f"{value}0"
    for at in sorted({0, len(value) // 2, len(value) - 1}):
        yield f"with character {at} changed", f"{value[:at]}{'0' if value[at] != '0' else '1'}{value[at + 1 :]}"
    if not set(value.lower()) <= set("0123456789abcdef"):  # hexadecimal digits mean the same in both cases
        yield "in the other case", value.swapcase()


def without_secret(raw: RawRequest, case: Proven) -> Iterator[tuple[str, RawRequest]]:
    """Yield the request without its signature or secret, and without each header that proves it."""
    empty: dict[str, object] = {"headers": {}}
    if case.proven_by == "query":
        empty["query"] = ""
    if case.proven_by == "path":
        empty["path"] = raw.path.rpartition("/")[0] or "/"
    bare = msgspec.structs.replace(raw, **empty)
    yield "without its secret", bare
    for method in ("GET", "PUT"):
        yield f"without its secret, by {method}", msgspec.structs.replace(bare, method=method)
    for body in (b"", b"[]"):
        yield f"without its secret, with the body {body!r}", msgspec.structs.replace(bare, body=body)
    for name in proofs(raw, case) if case.proven_by == "headers" else ():
        yield from ((f"{change} (or is it `unsigned`?)", gone) for change, gone in [*odd_headers(raw, name)][:2])


def odd_headers(raw: RawRequest, name: str) -> Iterator[tuple[str, RawRequest]]:
    """Yield the request with one header left out, empty, given twice and not ASCII."""
    value, rest = raw.headers[name], {other: value for other, value in raw.headers.items() if other != name}
    yield f"without header {name}", msgspec.structs.replace(raw, headers=rest)
    for change, odd in (("empty", ""), ("given twice", f"{value}, {value}"), ("not ASCII", f"é\x00☂{value}")):
        yield f"with header {name} {change}", msgspec.structs.replace(raw, headers={**rest, name: odd})
