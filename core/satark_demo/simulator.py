"""The page and the HTTP interface under `/simulator`. Only the demo serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio.to_thread
import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from satark.api.desk import CaseworkError
from satark.api.sealing import CantOpen
from satark.api.web import PAGE_HEADERS, PageHeaders, SameOrigin
from satark_demo import data_at_rest, samples
from satark_demo.actions import Action, Say
from satark_demo.chat import Chat, NoSuchMessage, NotPossible
from satark_demo.event_stream import EventStream
from satark_demo.labels import labels
from satark_demo.messages import SentFile

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark.services import Services
    from satark_demo.desk_queues import DeskQueues
    from satark_demo.phones import Phones
    from satark_demo.police import PoliceSystem
    from satark_demo.readings import Readings

_STATIC = Path(__file__).parent / "static"
_GUARDS = (Middleware(PageHeaders), Middleware(SameOrigin))
_FILE_BYTES = 100 * 1024 * 1024
_REQUEST_BYTES = 64 * 1024
_LIST_BYTES = 4 * 1024 * 1024

Handler = Callable[["Request"], Awaitable[Response]]
_action = msgspec.json.Decoder(Action)


class _List(msgspec.Struct, frozen=True):
    """A list of utterances, one a line, and the question at which they are read."""

    step: str
    lines: str
    language: Literal["hi", "en"] = "en"


_list = msgspec.json.Decoder(_List)


class Simulator:
    """The routes of the page: the phones, the desks' queues, the police system, and the data at rest."""

    def __init__(
        self,
        *,
        phones: Phones,
        queues: DeskQueues,
        police: PoliceSystem,
        readings: Readings,
        services: Services,
        data_dir: Path,
        events: EventStream,
    ) -> None:
        self._phones = phones
        self._queues = queues
        self._police = police
        self._readings = readings
        self._services = services
        self._data_dir = data_dir
        self._events = events

    def routes(self) -> list[BaseRoute]:
        """Return every route under `/simulator`."""
        return [
            _route("", self._page),
            _route("/events", self._event_stream),
            _route("/labels", self._labels),
            _route("/phones", self._add_phone, "POST"),
            _route("/phones/{phone}/{medium}", self._perform, "POST"),
            _route("/phones/{phone}/{medium}/files", self._send_file, "POST"),
            _route("/phones/{phone}/{medium}/files/{message}", self._sent_file),
            _route("/readings", self._read_list, "POST"),
            _route("/samples/{name}", self._sample),
            _route("/desks/{desk}/{number}", self._tip),
            _route("/desks/{desk}/{number}/{ordinal}", self._evidence),
            _route("/police/{number}/{status}", self._answer, "POST"),
            _route("/database", self._database),
            _route("/search", self._search, "POST"),
            Mount("/simulator/static", StaticFiles(directory=_STATIC), middleware=_GUARDS),
        ]

    async def _page(self, _request: Request) -> Response:
        policy = PAGE_HEADERS["permissions-policy"].replace("microphone=()", "microphone=(self)")
        return FileResponse(_STATIC / "simulator.html", headers={"permissions-policy": policy})

    async def _event_stream(self, _request: Request) -> Response:
        state = {
            "type": "state",
            "phones": self._phones.view(),
            "desks": self._queues.tips,
            "police": self._police.view(),
            "samples": samples.names(),
            "steps": self._readings.steps,
        }
        return StreamingResponse(self._events.listen(state), media_type="text/event-stream")

    async def _labels(self, _request: Request) -> Response:
        return _json(labels(self._services.questionnaire, self._services.geography))

    async def _add_phone(self, _request: Request) -> Response:
        phone = self._phones.add()
        if phone is None:
            raise HTTPException(409, "there can be no more phones")
        return _json(phone)

    async def _perform(self, request: Request) -> Response:
        try:
            action = _action.decode(await _body(request, _REQUEST_BYTES))
        except msgspec.MsgspecError as error:
            raise HTTPException(400, "no such action of a phone") from error
        chat = self._chat(request)
        if isinstance(action, Say):
            read = await anyio.to_thread.run_sync(self._readings.of_message, chat, action.text, "en")
            chat.publish({"type": "reading", "reading": read})
        return await _done(action.run(chat))

    async def _read_list(self, request: Request) -> Response:
        try:
            asked = _list.decode(await _body(request, _LIST_BYTES))
            lines = asked.lines.splitlines()
            return _json(await anyio.to_thread.run_sync(self._readings.of_list, asked.step, lines, asked.language))
        except (msgspec.MsgspecError, KeyError) as error:
            raise HTTPException(400, "no such question") from error

    async def _send_file(self, request: Request) -> Response:
        chat, query = self._chat(request), request.query_params
        mime = request.headers.get("content-type", "application/octet-stream")
        file = SentFile(data=await _body(request, _FILE_BYTES), mime=mime, name=query.get("name", ""))
        flags = {"voice": "voice" in query, "twice": "twice" in query}
        return await _done(chat.file(file, query.get("caption", ""), **flags))

    async def _sent_file(self, request: Request) -> Response:
        file = self._chat(request).files.get(request.path_params["message"])
        if file is None:
            raise HTTPException(404)
        return _content(file.mime, file.data)

    async def _sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == samples.SPOKEN:
            return _content("audio/wav", samples.spoken())
        if name not in samples.names():
            raise HTTPException(404)
        return _content("image/jpeg", await anyio.to_thread.run_sync(samples.photograph, name))

    async def _tip(self, request: Request) -> Response:
        return await _opened(self._queues.open(**request.path_params), _json)

    async def _evidence(self, request: Request) -> Response:
        return await _opened(self._queues.file(**request.path_params), lambda found: _content(*found))

    async def _answer(self, request: Request) -> Response:
        return await _done(self._police.answer(**request.path_params))

    async def _database(self, _request: Request) -> Response:
        return _json(await anyio.to_thread.run_sync(data_at_rest.stored_rows, self._services))

    async def _search(self, request: Request) -> Response:
        words = (await _body(request, _REQUEST_BYTES)).decode("utf-8", "replace").strip()
        if not words:
            raise HTTPException(400, "nothing to search for")
        return _json(await anyio.to_thread.run_sync(data_at_rest.search_files, self._data_dir, words))

    def _chat(self, request: Request) -> Chat:
        try:
            return self._phones.chat(request.path_params["phone"], request.path_params["medium"])
        except KeyError as error:
            raise HTTPException(404, "no such phone") from error


def _route(path: str, handler: Handler, method: str = "GET") -> Route:
    return Route(f"/simulator{path}", handler, methods=[method], middleware=_GUARDS)


async def _body(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HTTPException(413, "too large")
    return bytes(body)


async def _done(work: Awaitable[None]) -> Response:
    try:
        await work
    except NotPossible as error:
        raise HTTPException(409, "this is not possible here, or not now") from error
    except NoSuchMessage as error:
        raise HTTPException(404, "no such message") from error
    return Response(status_code=204)


async def _opened(work: Awaitable[Any], answer: Callable[[Any], Response]) -> Response:
    try:
        return answer(await work)
    except (CaseworkError, CantOpen) as error:
        raise HTTPException(404, str(error)) from error


def _content(mime: str, data: bytes) -> Response:
    # A visitor's file is served from our own origin: it must never run as a page of ours.
    return Response(data, media_type=mime, headers={"content-security-policy": "sandbox; default-src 'none'"})


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
