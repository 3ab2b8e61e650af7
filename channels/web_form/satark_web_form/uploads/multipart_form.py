"""Receive a multipart form, from a browser without JavaScript: its files are stored as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from satark.api import FORM_LIMIT, FormError, Redacted
from satark_web_form.uploads.multipart_parser import BrokenForm, MultipartReader, NotMultipart, PartData, PartHeader
from satark_web_form.uploads.request_body import BodyChunks
from satark_web_form.uploads.tus import announced_kind
from satark_web_form.uploads.upload_errors import UploadProblem, UploadRefused

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark_web_form.uploads.draft_key import DraftKey
    from satark_web_form.uploads.upload_store import UploadStore

MAX_PARTS: Final = 200
"""Number of parts that a form may have."""

Admit: TypeAlias = Callable[[Sequence[tuple[str, str]]], Awaitable[UploadProblem | None]]
"""Given the fields so far, returns why the next file is refused, or None."""
Refusal: TypeAlias = UploadProblem | Literal["broken"]
"""Why a file was refused; `broken`: the form itself is truncated or malformed."""


class ReceivedForm(Redacted, frozen=True, kw_only=True):
    """A received form. Its accepted files are complete in the upload store."""

    fields: list[tuple[str, str]]
    """The fields without files, in order."""
    uploads: list[str]
    """The ids of the accepted files."""
    refusals: list[Refusal]
    """One per refused file, and `broken` if the form is truncated."""


async def receive_form(
    request: Request,
    key: DraftKey,
    uploads: UploadStore,
    *,
    admit: Admit,
    stall_seconds: float,
    max_text_bytes: int = FORM_LIMIT,
) -> ReceivedForm:
    """Read a form with files. A refused file is skipped, so that the rest of the form is received.

    Args:
        request: the request.
        key: the draft's key.
        uploads: where files are stored.
        admit: whether a file is accepted; the fields before it are known then.
        stall_seconds: seconds without a byte after which the connection counts as lost.
        max_text_bytes: size of all fields without files.

    Raises:
        FormError: 415: it is not a multipart form; 413: its fields are too long or too many.
    """
    try:
        reader = MultipartReader(request, BodyChunks(request, stall_seconds))
    except NotMultipart:
        raise FormError(415, "this form can't be read") from None
    return await _FormReceiver(reader, key, uploads, admit, max_text_bytes).read()


class _FormReceiver:
    def __init__(
        self, reader: MultipartReader, key: DraftKey, uploads: UploadStore, admit: Admit, max_text_bytes: int
    ) -> None:
        self._admit = admit
        self._max_text_bytes = max_text_bytes
        self._reader = reader
        self._key = key
        self._uploads = uploads
        self._received = ReceivedForm(fields=[], uploads=[], refusals=[])
        self._text_bytes = 0

    async def read(self) -> ReceivedForm:
        count = 0
        try:
            while isinstance(header := await self._reader.next(), PartHeader):
                count += 1
                if count > MAX_PARTS:
                    raise FormError(413, "the form has too many fields")
                await (self._file(header) if header.is_file else self._field(header))
        except BrokenForm:
            self._received.refusals.append("broken")
        return self._received

    async def _field(self, header: PartHeader) -> None:
        value = bytearray()
        self._text_bytes += len(header.field)
        async for chunk in self._reader.content():
            value += chunk
            if self._text_bytes + len(value) > self._max_text_bytes:
                raise FormError(413, "the form is too long")
        self._text_bytes += len(value)
        self._received.fields.append((header.field, value.decode("utf-8", "replace")))

    async def _file(self, header: PartHeader) -> None:
        first = await self._reader.next()
        if not isinstance(first, PartData):  # no file was chosen, or it is empty
            return
        try:
            await self._store(header, first.content)
        except UploadRefused as refusal:
            self._received.refusals.append(refusal.problem)
            async for _ in self._reader.content():
                pass

    async def _store(self, header: PartHeader, first: bytes) -> None:
        if problem := await self._admit(self._received.fields):
            raise UploadRefused(problem)
        upload = await self._uploads.create(self._key, kind=announced_kind(header.mime), length=None)
        try:
            await self._uploads.append(self._key, upload, 0, self._content(first))
            await self._uploads.finish(self._key, upload)
        except BaseException:
            await self._uploads.remove(self._key, upload)
            raise
        self._received.uploads.append(upload)

    async def _content(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        async for chunk in self._reader.content():
            yield chunk
