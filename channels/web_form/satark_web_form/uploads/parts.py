"""A multipart form (RFC 7578) read as it comes, one part after the other, nothing of it ever on the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from satark.redacted import Redacted

if TYPE_CHECKING:
    from starlette.requests import Request

BOUNDARY_MOST: Final = 70
"""Characters of a boundary (RFC 2046, section 5.1.1)."""


class NotMultipart(ValueError):  # noqa: N818 - it reads as what it says
    """The request is no such form."""


class Broken(ValueError):  # noqa: N818 - likewise
    """The form breaks off, or is written wrong. What came before is good."""


class Head(Redacted, frozen=True):
    """The beginning of a part: its field, its type, and whether it is a file. A file's name is not kept."""

    field: str
    mime: str
    is_file: bool


class Data(Redacted, frozen=True):
    """A piece of a part's content."""

    content: bytes


class End(msgspec.Struct, frozen=True):
    """The end of a part."""


Event: TypeAlias = Head | Data | End


class Parts:
    """The parts of one request, as events: for each a head, its data, an end."""

    def __init__(self, request: Request, stream: AsyncIterator[bytes]) -> None:
        """Begin to read.

        Raises:
            NotMultipart: the request's type is another, or names no boundary.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= BOUNDARY_MOST:
            raise NotMultipart
        self._stream = stream
        self._events: deque[Event] = deque()
        self._whole = False
        self._within = False
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(boundary, {
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._head,
            "on_part_data": lambda data, start, end: self._events.append(Data(data[start:end])),
            "on_part_end": lambda: self._events.append(End()),
            "on_end": self._end,
        })  # fmt: skip

    async def next(self) -> Event | None:
        """The next event; None after the last part.

        Raises:
            Broken: see there.
        """
        while not self._events:
            if self._whole:
                return None
            try:
                self._parser.write(await anext(self._stream))
            except (StopAsyncIteration, FormParserError):
                raise Broken from None
        event = self._events.popleft()
        self._within = not isinstance(event, End)
        return event

    async def content(self) -> AsyncIterator[bytes]:
        """The rest of the part that was begun, up to its end; nothing where that was reached."""
        while self._within and isinstance(event := await self.next(), Data):
            yield event.content

    def _header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _head(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        mime = self._headers.get(b"content-type", b"").decode("latin-1")
        self._events.append(Head(field, mime, b"filename" in options))
        self._headers.clear()

    def _end(self) -> None:
        self._whole = True
