"""The pages and the interface under `/simulator`. Only a demo serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from satark.demo import samples, thief
from satark.demo.acts import Act
from satark.demo.bubbles import File
from satark.demo.chat import Chat, NoSuchMessage, NotHere
from satark.demo.feed import Feed
from satark.demo.words import labels
from satark.desk import CaseworkError
from satark.identity.sealing import CantOpen
from satark.web import PAGE_HEADERS, PageHeaders, SameOrigin

if TYPE_CHECKING:
    from starlette.requests import Request

    from satark.demo.phones import Phones
    from satark.demo.police import Police
    from satark.demo.queues import Queues
    from satark.services import Services

_STATIC = Path(__file__).parent / "static"
_GUARDS = (Middleware(PageHeaders), Middleware(SameOrigin))
_MOST_BYTES = 100 * 1024 * 1024
_ACT_BYTES = 64 * 1024

Handler = Callable[["Request"], Awaitable[Response]]
_act = msgspec.json.Decoder(Act)


class Simulator:
    """Everything behind the page: the phones, the desks' queues, the police system, and what a thief would see."""

    def __init__(
        self, *, phones: Phones, queues: Queues, police: Police, services: Services, data_dir: Path, feed: Feed
    ) -> None:
        self._phones = phones
        self._queues = queues
        self._police = police
        self._services = services
        self._data_dir = data_dir
        self._feed = feed

    def routes(self) -> list[BaseRoute]:
        """Give everything under `/simulator`."""
        return [
            _route("", self._page),
            _route("/events", self._events),
            _route("/words", self._words),
            _route("/phones", self._add_phone, "POST"),
            _route("/phones/{phone}/{medium}", self._act, "POST"),
            _route("/phones/{phone}/{medium}/files", self._send_file, "POST"),
            _route("/phones/{phone}/{medium}/files/{message}", self._sent_file),
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

    async def _events(self, _request: Request) -> Response:
        state = {
            "what": "state",
            "phones": self._phones.view(),
            "desks": self._queues.lines,
            "police": self._police.view(),
            "samples": samples.names(),
        }
        return StreamingResponse(self._feed.listen(state), media_type="text/event-stream")

    async def _words(self, _request: Request) -> Response:
        return _json(labels(self._services.geography))

    async def _add_phone(self, _request: Request) -> Response:
        phone = self._phones.add()
        if phone is None:
            raise HTTPException(409, "no more phones")
        return _json(phone)

    async def _act(self, request: Request) -> Response:
        try:
            act = _act.decode(await _body(request, _ACT_BYTES))
        except msgspec.MsgspecError as error:
            raise HTTPException(400, "this can't be done with a phone") from error
        return await _done(act.do(self._chat(request)))

    async def _send_file(self, request: Request) -> Response:
        chat, query = self._chat(request), request.query_params
        mime = request.headers.get("content-type", "application/octet-stream")
        file = File(data=await _body(request, _MOST_BYTES), mime=mime, name=query.get("name", ""))
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
        return _json(await anyio.to_thread.run_sync(thief.rows, self._services))

    async def _search(self, request: Request) -> Response:
        words = (await _body(request, _ACT_BYTES)).decode("utf-8", "replace").strip()
        if not words:
            raise HTTPException(400, "nothing to look for")
        return _json(await anyio.to_thread.run_sync(thief.search, self._data_dir, words))

    def _chat(self, request: Request) -> Chat:
        try:
            return self._phones.chat(request.path_params["phone"], request.path_params["medium"])
        except KeyError as error:
            raise HTTPException(404, "there is no such phone") from error


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
    except NotHere as error:
        raise HTTPException(409, "this can't be done here, or not now") from error
    except NoSuchMessage as error:
        raise HTTPException(404, "there is no such message") from error
    return Response(status_code=204)


async def _opened(work: Awaitable[Any], answer: Callable[[Any], Response]) -> Response:
    try:
        return answer(await work)
    except (CaseworkError, CantOpen) as error:
        raise HTTPException(404, str(error)) from error


def _content(mime: str, data: bytes) -> Response:
    # What a visitor sends comes back from our own origin: it must never run as a page of ours.
    return Response(data, media_type=mime, headers={"content-security-policy": "sandbox; default-src 'none'"})


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
