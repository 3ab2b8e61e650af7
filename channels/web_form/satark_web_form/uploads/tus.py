"""The protocol between a browser and the staging: tus 1.0.0 with its extensions creation, expiration and termination.

Source: https://tus.io/protocols/resumable-upload, version 1.0.0. Of the metadata only the announced type is looked at,
and of that only its kind; a file's name is never read. The extension checksum is left out: every part is authenticated
on its way (TLS or Tor) and again on the disk (age).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from satark_web_form.uploads.arriving import arriving
from satark_web_form.uploads.keys import DraftKey
from satark_web_form.uploads.refusals import Problem, Refused

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark.channel import MediaKind
    from satark_web_form.uploads.staging import Staging, Status

VERSION: Final = "1.0.0"
PROBLEM_HEADER: Final = "satark-problem"
"""The answer's header that names the problem of a refusal, for our own script; the body is a sentence for a person."""

Admit: TypeAlias = Callable[["Request"], Awaitable[DraftKey]]
"""Gives the key of the draft that a request belongs to.

Raises:
    NotAdmitted: there is none, or the gate is shut.
"""
Say: TypeAlias = Callable[["Request", Problem], str]
"""Gives the sentence for a problem in the tipster's language."""
Endpoint: TypeAlias = Callable[["Request"], Awaitable[Response]]

STATUS: Final[Mapping[Problem, HTTPStatus]] = {
    "unknown": HTTPStatus.NOT_FOUND,
    "moved": HTTPStatus.CONFLICT,
    "unfinished": HTTPStatus.CONFLICT,
    "empty": HTTPStatus.BAD_REQUEST,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-many": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-much": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too-broken": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "disk-full": HTTPStatus.INSUFFICIENT_STORAGE,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_KINDS: Final[Mapping[str, MediaKind]] = {"image": "image", "video": "video", "audio": "audio", "voice": "voice"}


class NotAdmitted(Exception):  # noqa: N818 - it reads as what it says
    """No file is taken from this request; `response` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__("not admitted")
        self.response = response


class Tus:
    """The endpoints. `routes` belong below the address that they are mounted at, such as `/uploads`."""

    def __init__(self, staging: Staging, *, admit: Admit, say: Say, stall_seconds: float) -> None:
        self._staging = staging
        self._admit = admit
        self._say = say
        self._stall = stall_seconds

    @property
    def routes(self) -> list[BaseRoute]:
        """`/` makes a file, `/{upload}` is one."""
        one = {"HEAD": self._head, "PATCH": self._patch, "DELETE": self._delete}
        return [
            Route("/", self._dispatch({"POST": self._create}), methods=["OPTIONS", "POST"]),
            Route("/{upload}", self._dispatch(one), methods=["OPTIONS", "POST", *one]),
        ]

    def _dispatch(self, methods: Mapping[str, Endpoint]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            method = request.method
            if method == "POST":  # of no other method, since the origin of a form is checked by the real one
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
        except Refused as refusal:
            return self._refusal(request, refusal.problem)

    def _refusal(self, request: Request, problem: Problem) -> Response:
        headers: dict[str, str] = {PROBLEM_HEADER: problem}
        if problem == "busy":
            headers["retry-after"] = "5"
        return PlainTextResponse(self._say(request, problem), STATUS[problem], headers)

    def _options(self) -> Response:
        headers = {
            "tus-version": VERSION,
            "tus-extension": "creation,expiration,termination",
            "tus-max-size": str(self._staging.file_bytes),
        }
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _create(self, request: Request) -> Response:
        length = _number(request, "upload-length")
        if length is None:
            return PlainTextResponse("Upload-Length is missing", HTTPStatus.BAD_REQUEST)
        if length > self._staging.file_bytes:
            raise Refused("too-large")
        key = await self._admit(request)
        kind = announced_kind(_metadata(request.headers.get("upload-metadata", "")).get("filetype", ""))
        upload = await self._staging.create(key, kind=kind, length=length)
        headers = self._state(await self._staging.status(key, upload))
        return Response(status_code=HTTPStatus.CREATED, headers={"location": f"{request.url.path}{upload}", **headers})

    async def _head(self, request: Request) -> Response:
        status = await self._staging.status(await self._admit(request), request.path_params["upload"])
        headers = {"upload-length": str(status.length), "cache-control": "no-store", **self._state(status)}
        return Response(status_code=HTTPStatus.OK, headers=headers)

    async def _patch(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/offset+octet-stream":
            return Response(status_code=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        offset = _number(request, "upload-offset")
        if offset is None:
            return PlainTextResponse("Upload-Offset is missing", HTTPStatus.BAD_REQUEST)
        key, upload = await self._admit(request), request.path_params["upload"]
        status = await self._staging.status(key, upload)
        if offset != status.offset:
            raise Refused("moved")
        if offset + (_number(request, "content-length") or 0) > status.most:
            raise Refused("too-large")
        async with aclosing(arriving(request, self._stall)) as body:
            await self._staging.append(key, upload, offset, body)
        headers = self._state(await self._staging.status(key, upload))
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    async def _delete(self, request: Request) -> Response:
        await self._staging.remove(await self._admit(request), request.path_params["upload"])
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def _state(self, status: Status) -> dict[str, str]:
        return {"upload-offset": str(status.offset), "upload-expires": formatdate(status.expires, usegmt=True)}


def announced_kind(mime: str) -> MediaKind:
    """The kind of file that a browser's type announces, for the officers' lists; the bytes decide all else."""
    return _KINDS.get(mime.partition("/")[0].strip().lower(), "document")


def _number(request: Request, header: str) -> int | None:
    text = request.headers.get(header, "")
    return int(text) if _NUMBER.fullmatch(text) else None


def _metadata(header: str) -> dict[str, str]:
    """Read `Upload-Metadata`: pairs of a name and a base64 value; what can't be read is left out."""
    found: dict[str, str] = {}
    for pair in header[:4096].split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found
