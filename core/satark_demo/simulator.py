"""The page and the HTTP interface under `/simulator`. Only the demo serves them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import anyio.to_thread
import msgspec
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from satark.api.routing import CaseworkError
from satark.api.sealing import CantOpen
from satark.api.web import PAGE_HEADERS, PageHeaders, SameOrigin
from satark.dialogue.flow.loader import Questionnaire
from satark.services import Services
from satark_demo import samples
from satark_demo.chat import Action, Chat, NoSuchMessage, NotPossible, Publish, Say
from satark_demo.desk_queues import DeskQueues
from satark_demo.messages import SentFile
from satark_demo.police import PoliceSystem
from satark_demo.readings import Readings
from satark_words.geography.geography import Geography
from satark_words.geography.units import ELSEWHERE

_STATIC = Path(__file__).parent / "static"
_GUARDS = (Middleware(PageHeaders), Middleware(SameOrigin))
_FILE_BYTES = 100 * 1024 * 1024
_REQUEST_BYTES = 64 * 1024
_LIST_BYTES = 4 * 1024 * 1024

Handler = Callable[["Request"], Awaitable[Response]]
_action = msgspec.json.Decoder(Action)


class _List(msgspec.Struct, frozen=True):
    """A list of utterances, one per line, and the question at which they are read."""

    step: str
    lines: str
    language: Literal["hi", "en"] = "en"


_list = msgspec.json.Decoder(_List)


class Simulator(NamedTuple):
    """The routes of the page: the phones, the desks' queues, the police system, and the data at rest."""

    phones: Phones
    queues: DeskQueues
    police: PoliceSystem
    readings: Readings
    services: Services
    events: EventStream

    def routes(self) -> list[BaseRoute]:
        return [
            _route("", self._page),
            _route("/events", self._event_stream),
            _route("/labels", self._labels),
            _route("/phones", self._add_phone, "POST"),
            _route("/phones/{phone}/{medium}", self._perform, "POST"),
            _route("/phones/{phone}/{medium}/files", self._send_file, "POST"),
            _route("/phones/{phone}/{medium}/files/{message}", self._sent_file),
            _route("/readings", self._read_list, "POST"),
            _route("/desks/{desk}/{number}", self._tip),
            _route("/desks/{desk}/{number}/{ordinal}", self._evidence),
            _route("/police/{number}/{status}", self._answer, "POST"),
            Mount("/simulator/static", StaticFiles(directory=_STATIC), middleware=_GUARDS),
        ]

    async def _page(self, _request: Request) -> Response:
        policy = PAGE_HEADERS["permissions-policy"].replace("microphone=()", "microphone=(self)")
        return FileResponse(_STATIC / "simulator.html", headers={"permissions-policy": policy})

    async def _event_stream(self, _request: Request) -> Response:
        state = {
            "type": "state",
            "phones": self.phones.view(),
            "desks": self.queues.tips,
            "police": self.police.view(),
            "samples": samples.names(),
            "steps": self.readings.steps,
        }
        return StreamingResponse(self.events.listen(state), media_type="text/event-stream")

    async def _labels(self, _request: Request) -> Response:
        return _json(labels(self.services.questionnaire, self.services.geography))

    async def _add_phone(self, _request: Request) -> Response:
        phone = self.phones.add()
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
            read = await anyio.to_thread.run_sync(self.readings.of_message, chat, action.text, "en")
            chat.publish({"type": "reading", "reading": read})
        return await _done(action.run(chat))

    async def _read_list(self, request: Request) -> Response:
        try:
            asked = _list.decode(await _body(request, _LIST_BYTES))
            lines = asked.lines.splitlines()
            return _json(await anyio.to_thread.run_sync(self.readings.of_list, asked.step, lines, asked.language))
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

    async def _tip(self, request: Request) -> Response:
        return await _opened(self.queues.open(**request.path_params), _json)

    async def _evidence(self, request: Request) -> Response:
        return await _opened(self.queues.file(**request.path_params), lambda found: _content(*found))

    async def _answer(self, request: Request) -> Response:
        return await _done(self.police.answer(**request.path_params))

    def _chat(self, request: Request) -> Chat:
        try:
            return self.phones.chat(request.path_params["phone"], request.path_params["medium"])
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


MakeChat: TypeAlias = Callable[[int, Publish], Chat]
"""Makes the chat of one medium on the phone with this number."""

INITIAL_PHONES = 2
"""Number of phones that exist at the start."""
MAX_PHONES = 20


class Phones:
    """All phones. They are kept in memory: after a restart the same numbers belong to new phones without messages."""

    def __init__(self, media: Sequence[MakeChat], publish: Publish) -> None:
        self._media = media
        self._publish = publish
        self._phones: dict[str, dict[str, Chat]] = {}
        for _ in range(INITIAL_PHONES):
            self._make()

    def chat(self, phone: str, medium: str) -> Chat:
        """Return a chat.

        Raises:
            KeyError: there is no such phone, or its medium is not simulated.
        """
        return self._phones[phone][medium]

    def view(self) -> list[dict[str, Any]]:
        """Return everything that the page shows of the phones."""
        return [_view(phone, chats) for phone, chats in self._phones.items()]

    def add(self) -> dict[str, Any] | None:
        """Add a phone; return None if there are `MAX_PHONES` already, or if no medium is simulated."""
        if len(self._phones) >= MAX_PHONES or not self._media:
            return None
        self._make()
        phone = self.view()[-1]
        self._publish({"type": "phone", "phone": phone})
        return phone

    def _make(self) -> None:
        number = len(self._phones) + 1
        chats = [make(number, self._publish) for make in self._media]
        self._phones[str(number)] = {chat.medium: chat for chat in chats}


def _view(phone: str, chats: dict[str, Chat]) -> dict[str, Any]:
    views = {medium: chat.view() for medium, chat in chats.items()}
    return {"id": phone, "number": f"9199999{int(phone):05}", "chats": views}


_OTHER_TEXTS = (".words", ".description", ".ask", ".text")


def labels(questionnaire: Questionnaire, geography: Geography) -> dict[str, dict[str, str]]:
    """Return language → key → label. The keys of places are `unit.<code>`."""
    found = {}
    for catalogue in map(questionnaire.texts, questionnaire.languages):
        texts = {key: catalogue.get(key) for key in catalogue if not key.endswith(_OTHER_TEXTS)}
        units = {f"unit.{s.code}": s.label(catalogue.language) for s in geography.stations()}
        units |= {f"unit.{d.code}": d.label(catalogue.language) for d in geography.districts}
        units[f"unit.{ELSEWHERE}"] = catalogue.text(f"district.{ELSEWHERE}")
        found[catalogue.language] = {**texts, **units}
    return found


_QUEUE_SIZE = 1000
"""Maximum number of events that wait for one page. A slower page is disconnected; it reconnects and gets the current
state."""

_KEEPALIVE_SECONDS = 15
"""Seconds without an event after which a comment is sent, so that a closed page is detected."""


class EventStream:
    """Distributes events to its listeners. Use it on one event loop only."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._closed = False

    @property
    def has_listeners(self) -> bool:
        return bool(self._listeners)

    def publish(self, event: dict[str, Any]) -> None:
        encoded = _encode(event)
        for listener in list(self._listeners):
            if listener.full():
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(encoded)

    async def listen(self, first: dict[str, Any]) -> AsyncIterator[bytes]:
        """Yield `first` and then every event, encoded as `text/event-stream`, until the stream is closed."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_SIZE)
        self._listeners.add(queue)
        try:
            yield _encode(first)
            while not self._closed:
                encoded = await _next(queue)
                if encoded is None:
                    return
                yield encoded
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Disconnect every listener, so that the server can stop."""
        self._closed = True
        for listener in self._listeners:
            if not listener.full():
                listener.put_nowait(None)


async def _next(queue: asyncio.Queue[bytes | None]) -> bytes | None:
    try:
        async with asyncio.timeout(_KEEPALIVE_SECONDS):
            return await queue.get()
    except TimeoutError:
        return b": keep-alive\n\n"


def _encode(event: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(event) + b"\n\n"
