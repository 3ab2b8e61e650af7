"""Uploads of the web form: tus (several requests to one store) and multipart forms (in one piece, and as they arrive).

What must never happen: an exception; a status of 500; bytes lost or altered that were acknowledged; a form that is read
otherwise when its bytes arrive in other portions; content in plain on the disk.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from satark.api.web import FormError
from satark_files.file_store import FolderStore
from support.fuzz.mutation import text_of, to_json
from support.fuzz.requests import Answer, FuzzedRequest, ask, read_request, read_requests, request_input
from support.fuzz.target import Fault

_BOUNDARY: Final = "----WebKitFormBoundaryX"
_KIND: Final = f"multipart/form-data; boundary={_BOUNDARY}"
_PLAIN: Final = b"PLAIN-CONTENT-OF-A-TIPSTER"
_BUSY: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE})
_STALL_SECONDS: Final = 1.0
_SECRET: Final = bytes(range(32))
_number_in = re.compile(r"\{(\d)\}")


class _Uploads:
    """An upload store in a folder, with one draft. The web form's modules are imported here: the core names no plugin.

    Args:
        folder: an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        parts = "satark_web_form.uploads"
        logging.getLogger("python_multipart.multipart").disabled = True  # it warns of every malformed form
        self.folder = folder
        self.runner = asyncio.Runner()
        self.key: Any = import_module(f"{parts}.draft_key").DraftKey(_SECRET)
        settings = import_module("satark_web_form.settings").UploadSettings(upload_reserve_bytes=0)
        self.store: Any = import_module(f"{parts}.upload_store").UploadStore(FolderStore(folder), settings)

    async def content_of(self, upload: str) -> bytes:
        """Return the content of a complete upload."""
        media = await self.store.attach(self.key, upload, "web_form:main")
        async with self.store.fetch(media.ref) as stream:
            return b"".join([chunk async for chunk in stream])

    def clear(self) -> None:
        """Delete every upload, and check that none was stored in plain text."""
        for path in self.folder.rglob("*"):
            if path.is_file() and _PLAIN in path.read_bytes():
                raise Fault("an upload lies on the disk in plain")
        for draft in self.folder.glob("*"):
            shutil.rmtree(draft)

    def close(self) -> None:
        """End the event loop."""
        self.runner.close()


class TusTarget:
    """Resumable uploads. An input is a list of requests; `{0}` in a path stands for the first upload that it made."""

    words: Sequence[str] = (
        "tus-resumable", "1.0.0", "upload-length", "upload-offset", "upload-metadata", "content-type", "content-length",
        "application/offset+octet-stream", "x-http-method-override", "PATCH", "HEAD", "POST", "DELETE", "OPTIONS",
        "upload-defer-length", "filetype", "/uploads/", "/uploads/{0}", "/uploads/{1}", "method", "path", "headers",
        "body", "0", "26",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        tus = import_module("satark_web_form.uploads.tus")
        self._uploads = _Uploads(folder)

        async def admit(_: Request) -> Any:
            return self._uploads.key

        endpoints = tus.TusEndpoints(
            self._uploads.store,
            admit=admit,
            admit_new=admit,
            message=lambda _, problem: problem,
            stall_seconds=_STALL_SECONDS,
        )
        self._app = Starlette(routes=[Mount("/uploads", routes=endpoints.routes)])
        self._made: dict[str, bytes] = {}

    def seeds(self) -> Sequence[bytes]:
        """Return uploads in one piece, in two pieces, broken off, and deleted."""
        base = {"tus-resumable": "1.0.0"}
        create = _step(
            "POST", "/uploads/", {**base, "upload-length": "26", "upload-metadata": "filetype aW1hZ2UvanBlZw=="}
        )
        patch = {**base, "content-type": "application/offset+octet-stream"}
        whole = _step("PATCH", "/uploads/{0}", {**patch, "upload-offset": "0"}, _PLAIN)
        first = _step("PATCH", "/uploads/{0}", {**patch, "upload-offset": "0"}, _PLAIN[:10])
        second = _step(
            "POST", "/uploads/{0}", {**patch, "upload-offset": "10", "x-http-method-override": "PATCH"}, _PLAIN[10:]
        )
        head, delete = _step("HEAD", "/uploads/{0}", base), _step("DELETE", "/uploads/{0}", base)
        listed = [
            [create, whole, head],
            [create, first, head, second, head],
            [create, first, first, delete, head],
            [create, create, whole, _step("PATCH", "/uploads/{1}", {**patch, "upload-offset": "0"}, _PLAIN, _PLAIN)],
            [_step("OPTIONS", "/uploads/", {}), _step("HEAD", "/uploads/" + "0" * 32, base)],
        ]
        return [to_json(each) for each in listed]

    def try_one(self, data: bytes) -> None:
        """Send the requests one after the other, and compare the store with what it acknowledged."""
        self._made = {}
        try:
            self._uploads.runner.run(self._requests(read_requests(data)))
        finally:
            self._uploads.clear()

    def close(self) -> None:
        """End the event loop."""
        self._uploads.close()

    async def _requests(self, requests: Sequence[FuzzedRequest]) -> None:
        for request in requests:
            upload = self._named(request.path)
            path = f"/uploads/{upload}" if upload else request.path
            answer = await ask(self._app, _at(request, path))
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and answer.status not in _BUSY:
                raise Fault(f"status {answer.status}")
            await self._compare(request, upload, answer)
        for status in await self._uploads.store.list_uploads(self._uploads.key):
            if status.complete and await self._uploads.content_of(status.upload) != self._made[status.upload]:
                raise Fault("a complete upload differs from what was sent")

    def _named(self, path: str) -> str:
        found = _number_in.search(path)
        made = list(self._made)
        return made[int(found[1])] if found and int(found[1]) < len(made) else ""

    async def _compare(self, request: FuzzedRequest, upload: str, answer: Answer) -> None:
        """Compare the store's state with what it acknowledged so far."""
        if answer.status == HTTPStatus.CREATED:
            self._made[answer.headers["location"].rpartition("/")[2]] = b""
            return
        if not upload:
            return
        stored = {one.upload: one for one in await self._uploads.store.list_uploads(self._uploads.key)}
        if upload not in stored:
            del self._made[upload]
            return
        offset, before = stored[upload].offset, self._made[upload]
        sent = before + request.body if offset > len(before) else before
        if not len(before) <= offset <= min(len(sent), stored[upload].length):
            raise Fault("bytes were lost, or came from nowhere")
        self._made[upload] = sent[:offset]


class MultipartTarget:
    """A form from a browser without JavaScript."""

    words: Sequence[str] = (
        f"--{_BOUNDARY}\r\n", f"--{_BOUNDARY}--\r\n", f"\r\n--{_BOUNDARY}", "\r\n\r\n",
        "Content-Disposition: form-data; ", 'name="', 'filename="', "filename*=UTF-8''", "Content-Type: image/jpeg",
        "Content-Transfer-Encoding: base64", "content-type", "multipart/form-data; boundary=", _BOUNDARY, "body",
        "headers", "_charset_", "name*0=",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self._uploads = _Uploads(folder)
        self._receive: Any = import_module("satark_web_form.form_reader").receive_form

    def seeds(self) -> Sequence[bytes]:
        """Return forms with fields and files, complete and in portions, and an incomplete one."""
        end = f"--{_BOUNDARY}--\r\n".encode()
        body = _part("note", "लंका".encode()) + _part("file", _PLAIN, 'filename="IMG_1.jpg"') + _part("step", b"2") + end
        empty = _part("file", b"", 'filename=""') + end
        headers = {"content-type": _KIND}
        return [
            request_input(body, headers=headers),
            request_input([body[:50], body[50:90], body[90:]], headers=headers),
            request_input([body[at : at + 7] for at in range(0, len(body), 7)], headers=headers),
            request_input(body[:-20], headers=headers),
            request_input(empty, headers=headers),
        ]

    def try_one(self, data: bytes) -> None:
        """Receive a form in portions, and again in one piece. Both must give the same result."""
        request = read_request(data, path="/form", headers={"content-type": _KIND})
        try:
            arriving, whole = (
                self._uploads.runner.run(self._received(request, chunks)) for chunks in (request.chunks, [request.body])
            )
        finally:
            self._uploads.clear()
        # python-multipart finds a first boundary that follows other bytes only in their portion; no browser sends any.
        if arriving != whole and request.body.startswith(b"--"):
            raise Fault("a form is read otherwise when it arrives in portions")

    def close(self) -> None:
        """End the event loop."""
        self._uploads.close()

    async def _received(self, request: FuzzedRequest, chunks: Sequence[bytes]) -> object:
        store, key = self._uploads.store, self._uploads.key
        try:
            form = await self._receive(
                _asgi(request, chunks), key, store, admit=_admitted, stall_seconds=_STALL_SECONDS
            )
        except FormError as error:
            return error.status
        for name, value in form.fields:
            f"{name}{value}".encode()  # a lone surrogate could not be stored
        contents = [await self._uploads.content_of(upload) for upload in form.uploads]
        for upload in form.uploads:
            await store.remove(key, upload)
        return form.fields, contents, form.refusals


async def _admitted(_: object) -> None:
    """Accept every file."""


def _step(method: str, path: str, headers: Mapping[str, str], *chunks: bytes) -> dict[str, Any]:
    return {"method": method, "path": path, "headers": headers, "body": [text_of(chunk) for chunk in chunks]}


def _at(request: FuzzedRequest, path: str) -> FuzzedRequest:
    return FuzzedRequest(method=request.method, path=path, headers=request.headers, chunks=request.chunks)


def _part(name: str, content: bytes, file: str = "") -> bytes:
    named = f"; {file}\r\nContent-Type: image/jpeg" if file else ""
    return f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


def _asgi(request: FuzzedRequest, chunks: Sequence[bytes]) -> Request:
    left = list(chunks)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)
