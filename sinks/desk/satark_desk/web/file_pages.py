"""Files: clean copies, previews and originals, streamed to the officer's browser and stored nowhere.

One officer asks for originals, another officer approves in their own session, and then the first officer downloads the
originals.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError, stream_file
from satark.casework import NoSuchFile, Services
from satark_desk import original_requests
from satark_desk.file_exports import INLINE, file_name, note_opened
from satark_desk.original_requests import originals_of
from satark_desk.web.desk_web import redirect_to
from satark_desk.web.queue_pages import DeskPages
from satark_desk.web.session_store import OfficerSession

_MAX_INPUT = 40


def show_file(request: Request, session: OfficerSession) -> Response:
    """Stream the clean copy of a file."""
    tip = session.casework.open(request.path_params["number"])
    record = tip.file(request.path_params["ordinal"])
    chunks = session.casework.evidence(tip, record.ordinal)
    inline = record.clean_mime in INLINE
    disposition = "inline" if inline and "download" not in request.query_params else "attachment"
    name = file_name(tip, record, original=False)
    return stream_file(
        chunks,
        media_type=record.clean_mime if inline else "application/octet-stream",
        size=record.clean_bytes,
        disposition=f'{disposition}; filename="{name}"',
        wanted=request.headers.get("range", ""),
    )


def show_preview(request: Request, session: OfficerSession) -> Response:
    """Return a file's preview: a smaller picture, a video's still frame, a page, or a waveform."""
    tip = session.casework.open(request.path_params["number"])
    ordinal = request.path_params["ordinal"]
    content = session.casework.preview(tip, ordinal)
    media_type = next(record.preview_mime for record in tip.records if record.ordinal == ordinal)
    return stream_file(iter([content]), media_type=media_type, size=len(content), disposition="inline")


class OriginalPages:
    """The pages on which officers ask for originals, approve a request, and download originals."""

    def __init__(self, pages: DeskPages, services: Services) -> None:
        self._pages = pages
        self._services = services

    def ask(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Ask for a tip's originals, or approve that another officer opens them."""
        tip = session.casework.open(request.path_params["number"])
        officer = form.get("officer", "")[:_MAX_INPUT]
        try:
            if officer:
                original_requests.approve(self._services, session.unlocked, tip, officer)
            else:
                original_requests.ask(self._services, session.unlocked, tip)
        except CaseworkError:
            shown = msgspec.structs.replace(originals_of(self._services, session.unlocked, tip), refused=True)
            return self._pages.show(request, session, tip, 422, originals=shown)
        return redirect_to(request, f"tips/{tip.tip.number}")

    def download(self, request: Request, session: OfficerSession) -> Response:
        """Return the original of a file, with the approval of another officer."""
        tip = session.casework.open(request.path_params["number"])
        ordinal = request.path_params["ordinal"]
        record = next((one for one in tip.records if one.ordinal == ordinal), None)
        approval = original_requests.approval_of(self._services, session.unlocked, tip)
        if record is None or approval is None:
            raise NoSuchFile
        chunks = session.casework.original_of(tip, ordinal, approval)
        if session.is_first_submission(f"originals {tip.id}"):
            note_opened(session.casework, tip, approval)
        name = file_name(tip, record, original=True)
        disposition = f'attachment; filename="{name}"'
        return stream_file(chunks, media_type="application/octet-stream", size=record.bytes, disposition=disposition)
