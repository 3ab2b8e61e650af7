"""Resumable uploads: tus 1.0.0 with the extensions creation, expiration and termination.

Source: https://tus.io/protocols/resumable-upload, version 1.0.0. From the metadata, only the kind of the announced type
is used; a file's name is never read. The extension checksum is not supported: TLS or Tor authenticates content in
transit, and age authenticates it on disk.
"""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from satark.api import MediaKind
from satark_web_form.uploads.draft_key import DraftKey
from satark_web_form.uploads.request_body import BodyChunks
from satark_web_form.uploads.upload_problems import UploadProblem, UploadRefused
from satark_web_form.uploads.upload_store import UploadStatus, UploadStore

VERSION: Final = "1.0.0"
PROBLEM_HEADER: Final = "satark-problem"
"""Response header that names the problem of a refused upload. The body is a text for the user."""

Admit: TypeAlias = Callable[["Request"], Awaitable[DraftKey]]
"""Returns the key of the draft that a request belongs to.

Raises:
    NotAdmitted: there is no draft, or the database is down.
"""
Message: TypeAlias = Callable[["Request", UploadProblem], str]
"""Returns the text of a problem in the tipster's language."""
Endpoint: TypeAlias = Callable[["Request"], Awaitable[Response]]

STATUS: Final[Mapping[UploadProblem, HTTPStatus]] = {
    "unknown": HTTPStatus.NOT_FOUND,
    "offset-mismatch": HTTPStatus.CONFLICT,
    "incomplete": HTTPStatus.CONFLICT,
    "empty": HTTPStatus.BAD_REQUEST,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-many": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "quota": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-fragmented": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "disk-full": HTTPStatus.INSUFFICIENT_STORAGE,
    "proof": HTTPStatus.PRECONDITION_REQUIRED,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_KINDS: Final[Mapping[str, MediaKind]] = {"image": "image", "video": "video", "audio": "audio", "voice": "voice"}


class NotAdmitted(Exception):  # noqa: N818 - it reads as what it says
    """The request may not upload; `response` tells why."""

    def __init__(self, response: Response) -> None:
        super().__init__("not admitted")
        self.response = response


class TusEndpoints:
    """The endpoints. Mount `routes` below a path such as `/uploads`."""

    def __init__(
        self, uploads: UploadStore, *, admit: Admit, admit_new: Admit, message: Message, stall_seconds: float
    ) -> None:
        """`admit_new` decides about new uploads instead of `admit`, and may require a proof of work."""
        self._uploads = uploads
        self._admit = admit
        self._admit_new = admit_new
        self._message = message
        self._stall_seconds = stall_seconds

    @property
    def routes(self) -> list[BaseRoute]:
        """The routes: `/` creates an upload; `/{upload}` is an existing upload."""
        one = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        return [
            Route("/", self._dispatch({"POST": self._create}), methods=["OPTIONS", "POST"]),
            Route("/{upload}", self._dispatch(one), methods=["OPTIONS", "POST", *one]),
        ]

    def _dispatch(self, methods: Mapping[str, Endpoint]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            method = request.method
            if method == "POST":  # of POST alone, since the origin check uses the real method
                method = request.headers.get("x-http-method-override", method).upper()
            response = await self._answer(request, method, methods)
            response.headers["tus-resumable"] = VERSION
            return response

        return endpoint

    async def _answer(self, request: Request, method: str, methods: Mapping[str, Endpoint]) -> Response:
        if method == "OPTIONS":
            return self._options()
        if method not in methods:
            return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED)
        if request.headers.get("tus-resumable") != VERSION:
            return Response(status_code=HTTPStatus.PRECONDITION_FAILED, headers={"tus-version": VERSION})
        try:
            return await methods[method](request)
        except NotAdmitted as refusal:
            return refusal.response
        except UploadRefused as refusal:
            return self._refusal(request, refusal.problem)

    def _refusal(self, request: Request, problem: UploadProblem) -> Response:
        headers: dict[str, str] = {PROBLEM_HEADER: problem}
        if problem == "busy":
            headers["retry-after"] = "5"
        return PlainTextResponse(self._message(request, problem), STATUS[problem], headers)

    def _options(self) -> Response:
        headers = {
            "tus-version": VERSION,
            "tus-extension": "creation,expiration,termination",
            "tus-max-size": str(self._uploads.file_bytes),
        }
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _create(self, request: Request) -> Response:
        length = _number(request, "upload-length")
        if length is None:
            return PlainTextResponse("Upload-Length is missing", HTTPStatus.BAD_REQUEST)
        if length > self._uploads.file_bytes:
            raise UploadRefused("too-large")
        key = await self._admit_new(request)
        kind = announced_kind(_metadata(request.headers.get("upload-metadata", "")).get("filetype", ""))
        upload = await self._uploads.create(key, kind=kind, length=length)
        headers = self._state(await self._uploads.status(key, upload))
        return Response(status_code=HTTPStatus.CREATED, headers={"location": f"{request.url.path}{upload}", **headers})

    async def _head(self, request: Request) -> Response:
        status = await self._uploads.status(await self._admit(request), request.path_params["upload"])
        headers = {"upload-length": str(status.length), "cache-control": "no-store", **self._state(status)}
        return Response(status_code=HTTPStatus.OK, headers=headers)

    async def _patch(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/offset+octet-stream":
            return Response(status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        offset = _number(request, "upload-offset")
        if offset is None:
            return PlainTextResponse("Upload-Offset is missing", HTTPStatus.BAD_REQUEST)
        key, upload = await self._admit(request), request.path_params["upload"]
        status = await self._uploads.status(key, upload)
        if offset != status.offset:
            raise UploadRefused("offset-mismatch")
        if offset + (_number(request, "content-length") or 0) > status.max_bytes:
            raise UploadRefused("too-large")
        await self._uploads.append(key, upload, offset, BodyChunks(request, self._stall_seconds))
        headers = self._state(await self._uploads.status(key, upload))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _delete(self, request: Request) -> Response:
        await self._uploads.remove(await self._admit(request), request.path_params["upload"])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _state(self, status: UploadStatus) -> dict[str, str]:
        return {"upload-offset": str(status.offset), "upload-expires": formatdate(status.expires, usegmt=True)}


def announced_kind(mime: str) -> MediaKind:
    """Return the kind of file that a MIME type announces. Officers see it, but only the bytes decide processing."""
    return _KINDS.get(mime.partition("/")[0].strip().lower(), "document")


def _number(request: Request, header: str) -> int | None:
    text = request.headers.get(header, "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _metadata(header: str) -> dict[str, str]:
    """Decode `Upload-Metadata`: pairs of a name and a base64 value. Malformed pairs are ignored."""
    found: dict[str, str] = {}
    for pair in header[:4096].split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found
