"""Reading what a browser sends: fields, and the files that came with them, which are sealed by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from satark.channel import Media
from satark.redacted import Redacted
from satark.web import FormError, read_pairs
from satark_web_form.channel import ACCOUNT
from satark_web_form.uploads.multipart import receive

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark_web_form.uploads.staging import Staging
    from satark_web_form.visitors import Visitor

LIMIT: Final = 2 * 1024 * 1024
"""Most bytes of a form without files: four of the longest Hindi answers, each letter nine bytes on its way here."""


class Sent(Redacted, frozen=True, kw_only=True):
    """A form that was sent."""

    fields: Mapping[str, tuple[str, ...]]
    """Name of a field → its values."""
    files: tuple[tuple[str, Media], ...] = ()
    """The id of a step, and a file that answers it; each lies where the channel's `fetch` finds it."""
    problems: tuple[tuple[str, str], ...] = ()
    """The id of a step, and the key of the text that says why a file for it was not taken."""

    def one(self, name: str) -> str:
        """The last value of a field; empty where there is none."""
        return self.fields.get(name, ("",))[-1]


def sent(pairs: Iterable[tuple[str, str]]) -> Sent:
    """Gather the fields of a form."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        fields[name] = (*fields.get(name, ()), value)
    return Sent(fields=fields)


class Reader:
    """Reads forms. Files go into the staging as they come, and to the conversation once the form is whole."""

    def __init__(self, staging: Staging, stall_seconds: float) -> None:
        self._staging = staging
        self._stall = stall_seconds

    async def read(self, request: Request, visitor: Visitor | None = None) -> Sent:
        """Read a form; with a visitor, the files in it, and those that came before it by themselves.

        Raises:
            satark.web.FormError: it can't be read.
        """
        if visitor is None or not _has_files(request):
            found = sent(await read_pairs(request, LIMIT))
            return found if visitor is None else await self._with_files(found, visitor)
        received = await receive(request, visitor.key, self._staging, stall_seconds=self._stall, text_most=LIMIT)
        found = sent(received.fields)
        if "broken" in received.troubles:
            raise FormError(400, "the form breaks off")
        step = found.one("question")
        troubles = tuple((step, f"upload.{trouble}") for trouble in dict.fromkeys(received.troubles))
        return await self._with_files(msgspec.structs.replace(found, problems=troubles), visitor)

    async def _with_files(self, found: Sent, visitor: Visitor) -> Sent:
        """Give the conversation what lies whole in the staging, where the form is one that has files."""
        step = found.one("question")
        if not step:
            return found
        caption = found.one("caption").strip()
        files = [
            msgspec.structs.replace(await self._staging.hand_over(visitor.key, s.upload, ACCOUNT), caption=caption)
            for s in await self._staging.all_of(visitor.key)
            if s.whole
        ]
        return msgspec.structs.replace(found, files=tuple((step, media) for media in files))


def _has_files(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/")
