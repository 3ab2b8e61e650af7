"""Files from a browser without JavaScript: a plain form, taken into the staging as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from satark.redacted import Redacted
from satark.web import FORM_LIMIT, FormError
from satark_web_form.uploads.arriving import arriving
from satark_web_form.uploads.parts import Broken, Data, Head, NotMultipart, Parts
from satark_web_form.uploads.refusals import Problem, Refused
from satark_web_form.uploads.tus import announced_kind

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark_web_form.uploads.keys import DraftKey
    from satark_web_form.uploads.staging import Staging

PARTS_MOST: Final = 200
"""Most parts of a form."""

Trouble: TypeAlias = Problem | Literal["broken"]


class Received(Redacted, frozen=True, kw_only=True):
    """What a form brought. Files that were taken are in the staging, whole."""

    fields: list[tuple[str, str]]
    """The fields that are no files, in order."""
    taken: list[str]
    """Ids of the uploads."""
    troubles: list[Trouble]
    """Why files were not taken, one each; `broken` where the form itself broke off."""


async def receive(
    request: Request, key: DraftKey, staging: Staging, *, stall_seconds: float, text_most: int = FORM_LIMIT
) -> Received:
    """Read a form with files. A file that is refused is read past, so that the rest of the form arrives.

    `text_most`: most bytes of all that is no file.

    Raises:
        FormError: 415: it is no such form; 413: its fields are too long or too many.
    """
    async with aclosing(arriving(request, stall_seconds)) as stream:
        try:
            parts = Parts(request, stream)
        except NotMultipart:
            raise FormError(415, "this form can't be read") from None
        return await _Reading(parts, key, staging, text_most).read()


class _Reading:
    def __init__(self, parts: Parts, key: DraftKey, staging: Staging, text_most: int) -> None:
        self._most = text_most
        self._parts = parts
        self._key = key
        self._staging = staging
        self._received = Received(fields=[], taken=[], troubles=[])
        self._text = 0

    async def read(self) -> Received:
        count = 0
        try:
            while isinstance(head := await self._parts.next(), Head):
                count += 1
                if count > PARTS_MOST:
                    raise FormError(413, "the form has too many fields")
                await (self._file(head) if head.is_file else self._field(head))
        except Broken:
            self._received.troubles.append("broken")
        return self._received

    async def _field(self, head: Head) -> None:
        value = bytearray()
        self._text += len(head.field)
        async for piece in self._parts.content():
            value += piece
            if self._text + len(value) > self._most:
                raise FormError(413, "the form is too long")
        self._text += len(value)
        self._received.fields.append((head.field, value.decode("utf-8", "replace")))

    async def _file(self, head: Head) -> None:
        first = await self._parts.next()
        if not isinstance(first, Data):  # no file was chosen, or it has no byte
            return
        try:
            await self._take(head, first.content)
        except Refused as refusal:
            self._received.troubles.append(refusal.problem)
            async for _ in self._parts.content():
                pass

    async def _take(self, head: Head, first: bytes) -> None:
        upload = await self._staging.create(self._key, kind=announced_kind(head.mime), length=None)
        try:
            await self._staging.append(self._key, upload, 0, self._joined(first))
            await self._staging.finish(self._key, upload)
        except BaseException:
            await self._staging.remove(self._key, upload)
            raise
        self._received.taken.append(upload)

    async def _joined(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        async for piece in self._parts.content():
            yield piece
