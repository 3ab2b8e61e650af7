"""Read submitted forms. Files in a multipart form (RFC 7578) are sealed while they arrive, even without JavaScript."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from satark.api import FORM_LIMIT, FormError, Media, Redacted, read_pairs
from satark_web_form.channel import ACCOUNT
from satark_web_form.proof_of_work.proof_of_work import PROOF_FIELD
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.request_body import BodyChunks
from satark_web_form.uploads.tus import announced_kind
from satark_web_form.uploads.upload_problems import UploadProblem, UploadRefused
from satark_web_form.uploads.upload_store import UploadStatus, UploadStore
from satark_web_form.visitor_cookie import Visitor

MAX_BOUNDARY_CHARACTERS: Final = 70
"""Length of the longest boundary (RFC 2046, section 5.1.1)."""
MAX_PARTS: Final = 200
"""Number of parts that a form may have."""

Admit: TypeAlias = Callable[[Sequence[tuple[str, str]]], Awaitable[UploadProblem | None]]
"""Takes the fields so far; returns the reason to refuse the next file, or None."""
Refusal: TypeAlias = UploadProblem | Literal["broken"]
"""Reason for refusing a file; `broken`: the form itself is truncated or malformed."""


class ReceivedForm(Redacted, frozen=True, kw_only=True):
    """A received form. Its accepted files are complete in the upload store."""

    fields: list[tuple[str, str]]
    """The fields without files, in order."""
    uploads: list[str]
    """The ids of the accepted files."""
    refusals: list[Refusal]
    """One reason per refused file, and `broken` if the form is truncated or malformed."""


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

    `admit` decides whether a file is accepted, from the fields before it. After `stall_seconds` without a byte the
    connection counts as lost. `max_text_bytes`: of all fields without files together.

    Raises:
        FormError: 415: the request is not a multipart form; 413: the form's fields are too long or too many.
    """
    form = MultipartReader(request, BodyChunks(request, stall_seconds))
    received = ReceivedForm(fields=[], uploads=[], refusals=[])
    count = text_bytes = 0
    try:
        async for part in form.parts():
            count += 1
            if count > MAX_PARTS:
                raise FormError(413, "the form has too many fields")
            if not part.is_file:
                value = await _field(form, part, max_text_bytes - text_bytes)
                text_bytes += len(part.field) + len(value)
                received.fields.append((part.field, value.decode("utf-8", "replace")))
            elif await form.has_content():  # else no file was chosen, or it is empty
                try:
                    if problem := await admit(received.fields):
                        raise UploadRefused(problem)  # noqa: TRY301
                    received.uploads.append(await _store(form, part, key, uploads))
                except UploadRefused as refusal:
                    received.refusals.append(refusal.problem)
    except BrokenForm:
        received.refusals.append("broken")
    return received


async def _field(form: MultipartReader, part: PartHeader, max_bytes: int) -> bytes:
    value = bytearray()
    async for chunk in form.content():
        value += chunk
        if len(part.field) + len(value) > max_bytes:
            raise FormError(413, "the form is too long")
    return bytes(value)


async def _store(form: MultipartReader, part: PartHeader, key: DraftKey, uploads: UploadStore) -> str:
    upload = await uploads.create(key, kind=announced_kind(part.mime), length=None)
    try:
        await uploads.append(key, upload, 0, form.content())
        await uploads.finish(key, upload)
    except BaseException:
        await uploads.remove(key, upload)
        raise
    return upload


class BrokenForm(ValueError):  # noqa: N818 - it reads as what it says
    """The form is truncated or malformed. The parts before the error are valid."""


class PartHeader(Redacted, frozen=True):
    """The header of a part: its field, its type, and whether it is a file. A file's name is dropped."""

    field: str
    mime: str
    is_file: bool


class MultipartReader:
    """Reads the parts of one request, each while it arrives."""

    def __init__(self, request: Request, stream: AsyncIterator[bytes]) -> None:
        """Prepare to read a stream.

        Raises:
            FormError: 415: the request has another content type, or no boundary.
        """
        kind, options = parse_options_header(request.headers.get("content-type"))
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY_CHARACTERS:
            raise FormError(415, "this form can't be read")
        self._stream = stream
        self._events: deque[PartHeader | bytes | None] = deque()
        """For each part its header, the chunks of its content, and an empty chunk; None after the last part."""
        self._broken = False
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = MultipartParser(boundary, {
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": lambda data, start, end: self._events.append(data[start:end]),
            "on_part_end": lambda: self._events.append(b""),
            "on_end": lambda: self._events.append(None),
        })  # fmt: skip

    async def parts(self) -> AsyncIterator[PartHeader]:
        """Yield the header of each part. Unread content of a part is skipped.

        Raises:
            BrokenForm: the form is truncated or malformed.
        """
        while (event := await self._next()) is not None:
            if isinstance(event, PartHeader):
                yield event

    async def has_content(self) -> bool:
        """Whether more of the current part's content follows. Raises: as `parts`."""
        await self._arrive()
        return bool(self._events[0])

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the content of the current part. Raises: as `parts`."""
        while (event := await self._next()) and isinstance(event, bytes):
            yield event

    async def _next(self) -> PartHeader | bytes | None:
        await self._arrive()
        return self._events.popleft()

    async def _arrive(self) -> None:
        """Parse until there is an event. The valid events before an error are read first."""
        while not self._events:
            if self._broken:
                raise BrokenForm
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


MAX_FORM_BYTES: Final = 2 * 1024 * 1024
"""Size of a form without its files: enough for four of the longest Hindi answers, at nine bytes per letter."""


AdmitFiles: TypeAlias = Callable[["Visitor", str], Awaitable[object | None]]
"""Checks with the proof in the form whether a visitor may upload; returns a problem, or None."""


class SubmittedForm(Redacted, frozen=True, kw_only=True):
    """A submitted form."""

    fields: Mapping[str, tuple[str, ...]]
    """Field name → values."""
    files: tuple[tuple[str, Media], ...] = ()
    """Pairs of a step id and a file. The channel's `fetch` opens the file."""
    marks: tuple[str, ...] = ()
    """The SHA-256 of each of these files: the same if a browser that got no answer sends the form again."""
    problems: tuple[tuple[str, str], ...] = ()
    """Pairs of a step id and the key of the text that says why a file was refused."""

    def value(self, name: str) -> str:
        """Return the last value of a field; empty if the field has none."""
        return self.fields.get(name, ("",))[-1]


def to_submitted_form(pairs: Iterable[tuple[str, str]]) -> SubmittedForm:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return SubmittedForm(fields=fields)


class FormReader:
    """Reads forms. It stores files while they arrive, and attaches them to the conversation after that."""

    def __init__(self, uploads: UploadStore, stall_seconds: float, admit_files: AdmitFiles) -> None:
        self._uploads = uploads
        self._stall = stall_seconds
        self._admit_files = admit_files

    async def read(
        self, request: Request, visitor: Visitor | None = None, *, accepts_files: bool = True
    ) -> SubmittedForm:
        """Read a form. If a visitor is given, the visitor's files are added.

        These are the files in the form, if files are accepted, and the files that the visitor uploaded before.

        Raises:
            satark.api.FormError: the form can't be read.
        """
        if visitor is None or not request.headers.get("content-type", "").lower().startswith("multipart/"):
            form = to_submitted_form(await read_pairs(request, MAX_FORM_BYTES))
            return form if visitor is None else await self._with_files(form, visitor)

        async def admit(fields: Sequence[tuple[str, str]]) -> UploadProblem | None:
            if not accepts_files:
                return "unknown"
            proof = to_submitted_form(fields).value(PROOF_FIELD)
            return "proof" if await self._admit_files(visitor, proof) else None

        received = await receive_form(
            request, visitor.key, self._uploads, admit=admit, stall_seconds=self._stall, max_text_bytes=MAX_FORM_BYTES
        )
        form = to_submitted_form(received.fields)
        if "broken" in received.refusals:
            raise FormError(400, "the form is truncated")
        step = form.value("question")
        problems = tuple((step, f"upload.{problem}") for problem in dict.fromkeys(received.refusals))
        return await self._with_files(msgspec.structs.replace(form, problems=problems), visitor)

    async def _with_files(self, form: SubmittedForm, visitor: Visitor) -> SubmittedForm:
        """Add the complete uploads of a visitor to a form, if the form names a question."""
        step = form.value("question")
        if not step:
            return form
        caption, page = form.value("caption").strip(), form.value("page")
        files: dict[str, tuple[str, Media]] = {}
        for one in await self._uploads.list_uploads(visitor.key, page):
            media = await self._attach(visitor.key, one, page) if one.complete else None
            mark = media.ref.sha256 or one.upload if media else ""
            if mark in files:
                with suppress(UploadRefused):  # another request did it
                    await self._uploads.remove(visitor.key, one.upload)  # a copy, from a form that is sent again
            elif media is not None:
                files[mark] = (step, msgspec.structs.replace(media, caption=caption))
        return msgspec.structs.replace(form, files=tuple(files.values()), marks=tuple(files))

    async def _attach(self, key: DraftKey, upload: UploadStatus, page: str) -> Media | None:
        """Attach an upload. None: it was attached before, and a worker has fetched it meanwhile."""
        try:
            return await self._uploads.attach(key, upload.upload, ACCOUNT, page)
        except UploadRefused:
            if not upload.attached:
                raise
            return None
