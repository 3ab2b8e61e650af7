"""What a police system may ask and say: details and clean copies pulled, answers posted; all of it signed.

Every request is a POST, since the signature covers the body and not the address: one request can't be turned into
another. It is served by the desk role, beside the keys, never by the host that citizens reach.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from satark.desk import CaseworkError
from satark.sealing import CantOpen
from satark.web import stream_file
from satark_police_system.answers import AnswerError, apply, first_time, read_answer
from satark_police_system.events import encode, full
from satark_police_system.signing import SignatureError

if TYPE_CHECKING:
    from satark.database import UnitOfWork
    from satark.services import DeskContext
    from satark_police_system.partners import Partner
    from satark_police_system.settings import PoliceSettings

_JSON = "application/json"
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Wanted(msgspec.Struct, frozen=True):
    """Which tip, and which of its files."""

    number: str
    ordinal: str = ""


class RefusedError(Exception):
    """A request is answered with this status and reason."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Desk:
    """The doors for police systems."""

    def __init__(self, context: DeskContext, settings: PoliceSettings, partners: Mapping[str, Partner]) -> None:
        self._context = context
        self._settings = settings
        self._partners = partners

    async def details(self, request: Request) -> Response:
        """Give what the system may know of a tip."""
        partner, body = await self._authentic(request)
        wanted = _read(body)
        data = await run_in_threadpool(self._details, partner, wanted)
        return Response(encode(data), media_type=_JSON, headers=_HEADERS)

    async def evidence(self, request: Request) -> Response:
        """Stream the clean copy of a file, if the system may have files; never the tipster's own voice."""
        partner, body = await self._authentic(request)
        wanted = _read(body)
        if "evidence" not in partner.system.fields:
            raise RefusedError(403, "this system may not have files")
        return await run_in_threadpool(self._evidence, partner, wanted)

    async def answers(self, request: Request) -> Response:
        """Take an answer, once."""
        partner, body = await self._authentic(request, once=False)
        key = _key(partner, request)
        try:
            read = read_answer(body)
        except AnswerError as error:
            raise RefusedError(422, str(error)) from None
        tip = await run_in_threadpool(partner.casework.open, read.data.number)

        def write(unit: UnitOfWork) -> bool:
            if not first_time(unit, key, self._settings.replay_days):
                return False
            apply(unit, partner.casework, tip, partner.name, read)
            return True

        taken = await self._context.write(write)
        return Response(encode({"taken": taken}), media_type=_JSON, headers=_HEADERS)

    async def _authentic(self, request: Request, *, once: bool = True) -> tuple[Partner, bytes]:
        """Give the partner that signed the request, and its body. `once`: a request is not answered a second time."""
        partner = self._partners.get(request.path_params["system"])
        body = await self._body(request)
        if partner is None:
            raise RefusedError(401)
        try:
            partner.verifier.verify(dict(request.headers), body)
        except SignatureError:
            raise RefusedError(401) from None
        if once:
            key, days = _key(partner, request), self._settings.replay_days
            if not await self._context.write(lambda unit: first_time(unit, key, days)):
                raise RefusedError(409, "this webhook-id was used before")
        return partner, body

    async def _body(self, request: Request) -> bytes:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > self._settings.request_bytes:
                raise RefusedError(413, "the request is too long")
        return bytes(body)

    def _details(self, partner: Partner, wanted: Wanted) -> object:
        tip = partner.casework.open(wanted.number)
        return full(tip.header, tip.tip, tip.evidence, tip.thread, partner.system.fields)

    def _evidence(self, partner: Partner, wanted: Wanted) -> Response:
        tip = partner.casework.open(wanted.number)
        record = tip.file(wanted.ordinal)
        pieces = partner.casework.evidence(tip, record.ordinal)
        return stream_file(pieces, media_type=record.clean_mime, size=record.clean_bytes)


def build(context: DeskContext, settings: PoliceSettings, partners: Mapping[str, Partner]) -> Starlette:
    """Make the pages below `/police_system`."""
    desk = Desk(context, settings, partners)
    routes = [
        Route("/{system}/details", desk.details, methods=["POST"]),
        Route("/{system}/evidence", desk.evidence, methods=["POST"]),
        Route("/{system}/answers", desk.answers, methods=["POST"]),
        Route("/openapi.json", _published("openapi.json")),
        Route("/schema.json", _published("schema.json")),
    ]
    handlers = {RefusedError: _refused, CaseworkError: _unknown, CantOpen: _unknown}
    return Starlette(routes=routes, exception_handlers=handlers)


def _published(name: str) -> Callable[[Request], Response]:
    content = files("satark_police_system").joinpath(name).read_bytes()

    def show(_: Request) -> Response:
        return Response(content, media_type=_JSON)

    return show


def _refused(_: Request, error: Exception) -> Response:
    refused = cast("RefusedError", error)
    return Response(encode({"error": refused.reason}), refused.status, _HEADERS, _JSON)


def _unknown(_: Request, __: Exception) -> Response:
    # One answer for a tip that is not there, one that must not be known here, and one that was altered.
    return Response(encode({"error": "there is no such tip or file"}), 404, _HEADERS, _JSON)


def _read(body: bytes) -> Wanted:
    try:
        return msgspec.json.decode(body, type=Wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise RefusedError(422, 'expected {"number": "…", "ordinal": "…"}') from None


def _key(partner: Partner, request: Request) -> bytes:
    return hashlib.sha256(f"{partner.name}\n{request.headers['webhook-id']}".encode()).digest()
