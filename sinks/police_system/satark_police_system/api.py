"""API for police systems: signed requests for details and clean copies, and signed answers.

Every request is a POST: the signature covers the body and not the URL, so the body must name what is requested. The
desk role, which has the keys, serves this API. The host that citizens reach never does.
"""

import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import cast

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark.api import CantOpen, CaseworkError, DeskContext, UnitOfWork, stream_file
from satark_files.decoding import DECODING_ERRORS
from satark_police_system.answers import ANSWERS_KEY, AnswerError, apply_answer, read_answer, record_request_id
from satark_police_system.events import encode, full_data, padded
from satark_police_system.signing import SignatureError
from satark_police_system.systems import PoliceSystem

_JSON = "application/json"
_REQUEST_BYTES = 64 * 1024
"""Size of the largest request of a receiver."""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_QUOTES = "quotes.note"
"""Reason of a refusal by the desk's rules: a station that has only a release would read the answer."""


class TipRequest(msgspec.Struct, frozen=True):
    """The body of a request: a tip and, for evidence, one of its files."""

    number: str
    ordinal: str = ""


class RequestError(Exception):
    """A request is refused with an HTTP status and a reason."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class PoliceApi:
    def __init__(self, context: DeskContext, systems: Mapping[str, PoliceSystem]) -> None:
        self._context = context
        self._systems = systems

    async def details(self, request: Request) -> Response:
        """Return the parts of a tip that the system may know."""
        system, body = await self._authenticate(request)
        tip = await run_in_threadpool(system.reader.find, _read(body).number)
        data = full_data(tip.content, system.settings.fields)
        return Response(padded(encode(data)), media_type=_JSON, headers=_HEADERS)

    async def evidence(self, request: Request) -> Response:
        """Stream the clean copy of a file, if the system may have files; never the tipster's own voice."""
        system, body = await self._authenticate(request)
        tip_request = _read(body)
        if "evidence" not in system.settings.fields:
            raise RequestError(403, "this system may not have files")
        return await run_in_threadpool(self._evidence, system, tip_request)

    async def answers(self, request: Request) -> Response:
        """Apply an answer, once: not again under another webhook id either."""
        system, body = await self._authenticate(request, once=False)
        try:
            answer = read_answer(body)
        except AnswerError as error:
            raise RequestError(422, str(error)) from None
        tip = await run_in_threadpool(system.reader.find, answer.data.number)

        keys = _request_key(system, request), _key(system.name, answer.source, answer.id)
        key = await run_in_threadpool(self._context.secret_key, ANSWERS_KEY)  # its file is made at the first use

        def write(unit: UnitOfWork) -> bool:
            new = [record_request_id(unit, one) for one in keys]
            return all(new) and apply_answer(unit, tip, system.reader.to, system.name, answer, key=key)

        try:
            applied = await self._context.write(write)
        except CaseworkError as error:
            if error.reason != _QUOTES:
                raise
            raise RequestError(422, "repeats the tipster's own words, which a station would read") from None
        return Response(encode({"applied": applied}), media_type=_JSON, headers=_HEADERS)

    async def _authenticate(self, request: Request, *, once: bool = True) -> tuple[PoliceSystem, bytes]:
        """Return the system that signed the request, and its body. `once`: refuse a request id that was used before."""
        system = self._systems.get(request.path_params["system"])
        body = await self._body(request)
        if system is None:
            raise RequestError(401)
        try:
            system.verifier.verify(dict(request.headers), body)
        except SignatureError:
            raise RequestError(401) from None
        if once:
            key = _request_key(system, request)
            if not await self._context.write(lambda unit: record_request_id(unit, key)):
                raise RequestError(409, "this webhook-id was used before")
        return system, body

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _REQUEST_BYTES:
                raise RequestError(413, "the request is too large")
        return bytes(body)

    def _evidence(self, system: PoliceSystem, tip_request: TipRequest) -> Response:
        tip = system.reader.find(tip_request.number)
        chunks = tip.clean(tip_request.ordinal)
        record = next(record for record in tip.content.evidence if record.ordinal == tip_request.ordinal)
        return stream_file(chunks, media_type=record.clean_mime, size=record.clean_bytes)


def build(context: DeskContext, systems: Mapping[str, PoliceSystem]) -> Starlette:
    """Build the application that is mounted at `/police_system`."""
    api = PoliceApi(context, systems)
    routes = [
        Route("/{system}/details", api.details, methods=["POST"]),
        Route("/{system}/evidence", api.evidence, methods=["POST"]),
        Route("/{system}/answers", api.answers, methods=["POST"]),
        Route("/openapi.json", _published("openapi.json")),
        Route("/schema.json", _published("schema.json")),
    ]
    handlers = {RequestError: _refused, CaseworkError: _not_found, CantOpen: _not_found}
    return Starlette(routes=routes, exception_handlers=handlers)


def _published(name: str) -> Callable[[Request], Response]:
    content = files("satark_police_system").joinpath(name).read_bytes()

    def show(_: Request) -> Response:
        return Response(content, media_type=_JSON)

    return show


def _refused(_: Request, error: Exception) -> Response:
    refusal = cast("RequestError", error)
    return Response(encode({"error": refusal.reason}), refusal.status, _HEADERS, _JSON)


def _not_found(_: Request, __: Exception) -> Response:
    # The same response for a tip that does not exist, that this system must not know of, and that was altered.
    return Response(encode({"error": "there is no such tip or file"}), 404, _HEADERS, _JSON)


def _read(body: bytes) -> TipRequest:
    try:
        return msgspec.json.decode(body, type=TipRequest)
    except DECODING_ERRORS:
        raise RequestError(422, 'expected {"number": "…", "ordinal": "…"}') from None


def _request_key(system: PoliceSystem, request: Request) -> bytes:
    return _key(system.name, request.headers["webhook-id"])


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\n".join(parts).encode()).digest()
