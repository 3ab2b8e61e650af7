"""A server with uploads alone. FOLDER and PORT come from the environment.

The draft's secret is a cookie, in hex. The texts of problems contain their names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from satark.api.web import FormError
from satark_files.file_store import FolderStore
from satark_web_form.form_reader import receive_form
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.tus import NotAdmitted, TusEndpoints
from satark_web_form.uploads.upload_problems import UploadProblem
from satark_web_form.uploads.upload_store import UploadStore

STALL_SECONDS = 1.0


def site(uploads: UploadStore, stall_seconds: float = STALL_SECONDS) -> Starlette:
    """Return the application."""

    async def admit(request: Request) -> DraftKey:
        secret = request.cookies.get("draft", "")
        if not secret:
            raise NotAdmitted(PlainTextResponse("no draft", 403))
        return DraftKey(bytes.fromhex(secret))

    async def admit_file(fields: Sequence[tuple[str, str]]) -> UploadProblem | None:
        return "proof" if ("refuse", "files") in fields else None

    async def form(request: Request) -> Response:
        try:
            received = await receive_form(
                request, await admit(request), uploads, admit=admit_file, stall_seconds=stall_seconds
            )
        except FormError as error:
            return PlainTextResponse(str(error), error.status)
        return JSONResponse(
            {"fields": dict(received.fields), "uploads": received.uploads, "refusals": received.refusals}
        )

    tus = TusEndpoints(
        uploads,
        admit=admit,
        admit_new=admit,
        message=lambda _request, problem: f"text: {problem}",
        stall_seconds=stall_seconds,
    )
    return Starlette(routes=[Mount("/uploads", routes=tus.routes), Route("/form", form, methods=["POST"])])


if __name__ == "__main__":
    served = UploadStore(FolderStore(Path(os.environ["FOLDER"])), UploadSettings(upload_reserve_bytes=0))
    uvicorn.run(site(served), port=int(os.environ["PORT"]), access_log=False, log_config=None, loop="asyncio")
