"""A site with nothing but uploads, and a process that serves it: FOLDER and PORT come from the environment.

The draft's secret comes as a cookie, in hex; sentences are the problems' names.
"""

from __future__ import annotations

import os
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from satark.web import FormError
from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.multipart import receive
from satark_web_form.uploads.settings import UploadSettings
from satark_web_form.uploads.staging import Staging
from satark_web_form.uploads.tus import NotAdmitted, Tus

STALL = 1.0


def site(staging: Staging) -> Starlette:
    """Make the site."""

    async def admit(request: Request) -> DraftKey:
        secret = request.cookies.get("draft", "")
        if not secret:
            raise NotAdmitted(PlainTextResponse("no draft", 403))
        return DraftKey(bytes.fromhex(secret))

    async def form(request: Request) -> Response:
        try:
            received = await receive(request, await admit(request), staging, stall_seconds=STALL)
        except FormError as error:
            return PlainTextResponse(str(error), error.status)
        return JSONResponse({"fields": dict(received.fields), "taken": received.taken, "troubles": received.troubles})

    tus = Tus(staging, admit=admit, say=lambda _request, problem: f"sentence: {problem}", stall_seconds=STALL)
    return Starlette(routes=[Mount("/uploads", routes=tus.routes), Route("/form", form, methods=["POST"])])


if __name__ == "__main__":
    served = Staging(Path(os.environ["FOLDER"]), UploadSettings(upload_reserve_bytes=0))
    uvicorn.run(site(served), port=int(os.environ["PORT"]), access_log=False, log_config=None, loop="asyncio")
