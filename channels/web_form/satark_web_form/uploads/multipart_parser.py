"""Parse a multipart form (RFC 7578) as a stream, without temporary files."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from satark.api import Redacted

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BOUNDARY_CHARACTERS: Final = 70
"""Length of the longest boundary (RFC 2046, section 5.1.1)."""


class NotMultipart(ValueError):  # noqa: N818 - it reads as what it says
    """The request is not a multipart form."""


class BrokenForm(ValueError):  # noqa: N818 - it reads as what it says
    """The form is truncated or malformed. The parts before the error are valid."""


class PartHeader(Redacted, frozen=True):
    """The header of a part: its field, its type, and whether it is a file. A file's name is dropped."""

    field: str
    mime: str
    is_file: bool


class PartData(Redacted, frozen=True):
    """A chunk of a part's content."""

    content: bytes


class PartEnd(msgspec.Struct, frozen=True):
    """The end of a part."""


PartEvent: TypeAlias = PartHeader | PartData | PartEnd


class MultipartReader:
    """Reads the parts of one request as events: for each part a header, its data, and its end."""

    def __init__(self, request: Request, stream: AsyncIterator[bytes]) -> None:
        """Prepare to read a stream.

        Raises:
            NotMultipart: the request has another content type, or no boundary.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_CHARACTERS:
            raise NotMultipart
        self._stream = stream
        self._events: deque[PartEvent] = deque()
        self._finished = False
        self._broken = False
        self._in_part = False
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(boundary, {
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": lambda data, start, end: self._events.append(PartData(data[start:end])),
            "on_part_end": lambda: self._events.append(PartEnd()),
            "on_end": self._on_end,
        })  # fmt: skip

    async def next(self) -> PartEvent | None:
        """Return the next event; None after the last part.

        Raises:
            BrokenForm: the form is truncated or malformed.
        """
        while not self._events:
            if self._finished:
                return None
            if self._broken:
                raise BrokenForm
            await self._read()
        event = self._events.popleft()
        self._in_part = not isinstance(event, PartEnd)
        return event

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the remaining content of the current part."""
        while self._in_part and isinstance(event := await self.next(), PartData):
            yield event.content

    async def _read(self) -> None:
        """Parse the next chunk. What came before an error in it is valid, so it is returned before the error."""
        try:
            self._parser.write(await anext(self._stream))
        except (StopAsyncIteration, FormParserError):
            self._broken = True

    def _on_header(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        field = options.get(b"name", b"").decode("utf-8", "replace")
        mime = self._headers.get(b"content-type", b"").decode("latin-1")
        self._events.append(PartHeader(field, mime, b"filename" in options))
        self._headers.clear()

    def _on_end(self) -> None:
        self._finished = True
