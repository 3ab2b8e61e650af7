"""Files: clean copies and previews, streamed to the officer's browser and stored nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.api import stream_file
from satark_desk.exports import file_name

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark_desk.web.sessions import Session

INLINE: dict[str, str] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "video/webm": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "audio/wav": "audio",
    "audio/webm": "audio",
}
"""MIME type → the element that shows it on a page. All other types can only be downloaded."""


def show_file(request: Request, session: Session) -> Response:
    """Stream the clean copy of a file.

    Raises:
        CaseworkError: there is no such tip or file, or the file has no clean copy.
        CantOpen: the file was altered.
    """
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


def show_preview(request: Request, session: Session) -> Response:
    """Return a file's preview: a smaller picture, a video's still frame, a page, or a waveform.

    Raises:
        CaseworkError: there is no such tip or file, or the file has no preview.
        CantOpen: the file was altered.
    """
    tip = session.casework.open(request.path_params["number"])
    ordinal = request.path_params["ordinal"]
    content = session.casework.preview(tip, ordinal)
    media_type = next(record.preview_mime for record in tip.records if record.ordinal == ordinal)
    return stream_file(iter([content]), media_type=media_type, size=len(content), disposition="inline")
