"""Read submitted forms. A form's files are sealed while they arrive."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from starlette.requests import Request

from satark.api import FormError, Media, Redacted, read_pairs
from satark_web_form.channel import ACCOUNT
from satark_web_form.proof_of_work.proof_of_work import PROOF_FIELD
from satark_web_form.uploads.multipart_form import receive_form
from satark_web_form.uploads.segments import UploadProblem
from satark_web_form.uploads.upload_store import UploadStore
from satark_web_form.visitors import Visitor

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
        caption = form.value("caption").strip()
        files = [
            msgspec.structs.replace(await self._uploads.attach(visitor.key, s.upload, ACCOUNT), caption=caption)
            for s in await self._uploads.list_uploads(visitor.key)
            if s.complete
        ]
        return msgspec.structs.replace(form, files=tuple((step, media) for media in files))
