"""What every page needs: the visitor, their unfinished tip, the language, and how an answer is laid out."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from satark.channel import Batch, Event, Inbound, Outcome
from satark.web import FormError, page_templates, preferred
from satark_web_form.channel import ACCOUNT, WebFormChannel
from satark_web_form.forms import Reader, Sent
from satark_web_form.gate.gate import FIELD
from satark_web_form.map.drawing import draw
from satark_web_form.visitors import Cookie, Visitor
from satark_web_form.words import LANGUAGES, Words, all_words

if TYPE_CHECKING:
    from satark.flow import FormView
    from satark.services import WebContext
    from satark_web_form.gate.gate import Gate, Purpose
    from satark_web_form.settings import WebFormSettings
    from satark_web_form.uploads.staging import Staging

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_encode = msgspec.msgpack.Encoder().encode


class Seen(NamedTuple):
    """A conversation, as far as the database tells."""

    sheet: FormView | None
    certain: bool
    """Whether the database has answered."""


class Site:
    """The form and the mailbox of one process."""

    def __init__(
        self, context: WebContext, settings: WebFormSettings, *, public_url: str, staging: Staging, gate: Gate
    ) -> None:
        self._ingest = context.ingest
        self.drafts = context.drafts
        """Unfinished tips."""
        self.settings = settings
        self.public_url = public_url
        self.staging = staging
        self.gate = gate
        self.channel = WebFormChannel(staging)
        self._reader = Reader(staging, settings.upload_stall_seconds)
        self.drafts_cookie = Cookie("satark-form", "/", public_url)
        self.mailbox_cookie = Cookie("satark-status", "/status", public_url)
        self._words = all_words()
        self._maps = {language: draw(context.geography, language) for language in self._words}
        self._templates = page_templates(Path(__file__).parent / "templates")

    async def read(self, request: Request, visitor: Visitor | None = None) -> Sent:
        """Read a form; with a visitor, the files that belong to it too.

        Raises:
            satark.web.FormError: it can't be read.
        """
        return await self._reader.read(request, visitor)

    async def admits(self, sent: Sent, purpose: Purpose) -> str:
        """Ask the gate; give the key of the text that says why it is shut, or nothing where it is open.

        Whoever comes too early is let wait here: they need not press a button again.
        """
        proof = sent.one(FIELD)
        verdict = await self.gate.check(proof, purpose)
        if verdict.result == "early":
            await asyncio.sleep(verdict.wait)
            verdict = await self.gate.check(proof, purpose)
        return "" if verdict.passed else "gate.busy" if verdict.result == "busy" else "gate.again"

    async def look(self, visitor: Visitor | None) -> FormView | None:
        """Show where a visitor's conversation stands."""
        return await self.drafts.look(ACCOUNT, visitor.address) if visitor else None

    async def seen(self, visitor: Visitor | None) -> Seen:
        """Look, for somebody who sends something: it must be kept even where the database can't tell who they are."""
        try:
            return Seen(await self.look(visitor), certain=True)
        except SQLAlchemyError:
            return Seen(None, certain=False)

    async def take(self, visitor: Visitor, event: Event, page: str = "") -> Outcome:
        """Take one event of a visitor.

        Args:
            visitor: who sent it.
            event: what they sent.
            page: the number that the page carried: the same event from the same page counts once. Empty: each counts.
        """
        number = page or secrets.token_urlsafe(12)
        key = sha256(_encode((visitor.secret, number, event))).hexdigest()
        inbound = Inbound(account=ACCOUNT, event_key=key, senders=(visitor.address,), event=event)
        return await self._ingest.receive(self.channel, Batch(inbound=[inbound]))

    def language(self, request: Request, sheet: FormView | None = None, sent: Sent | None = None) -> str:
        """The language to speak: the conversation's, that of the form, the one asked for, or the browser's."""
        known = sheet.language if sheet else ""
        wanted = known or (sent.one("language") if sent else "") or request.query_params.get("lang", "")
        return wanted if wanted in LANGUAGES else preferred(request.headers.get("accept-language", ""), LANGUAGES)

    async def spoken(self, request: Request) -> str:
        """The language to speak to somebody of whom only the cookie is known."""
        drafted = await self.seen(self.drafts_cookie.read(request))
        seen = drafted if drafted.sheet else await self.seen(self.mailbox_cookie.read(request))
        return self.language(request, seen.sheet)

    def words(self, language: str) -> Words:
        """What the pages say in a language."""
        return self._words[language]

    def show(self, request: Request, template: str, language: str, status: int = 200, **values: Any) -> Response:
        """Lay a page out."""
        common = {
            "t": self._words[language],
            "all_words": self._words,
            "language": language,
            "path": request.url.path,
            "page_number": secrets.token_urlsafe(12),
            "drawn": self._maps[language],
            "exit_url": self.settings.exit_url,
            "problems": [],
        }
        response = HTMLResponse(self._templates.get_template(template).render({**common, **values}), status)
        if self.settings.onion_url and not (request.url.hostname or "").endswith(".onion"):
            response.headers["onion-location"] = self.settings.onion_url + request.url.path
        return response

    def tell(self, request: Request, what: str, status: int, language: str = "", **values: Any) -> Response:
        """Say one thing on a page of its own: `<what>.title` and `<what>.text`."""
        return self.show(
            request, "tell.html", language or self.language(request), status, **{"what": what, "onward": "/", **values}
        )

    def guarded(self, endpoint: Endpoint) -> Endpoint:
        """Make sure that whatever goes wrong is told on a page."""

        async def answer(request: Request) -> Response:
            try:
                return await endpoint(request)
            except FormError as error:
                language = await self.spoken(request)
                return self.tell(request, "unreadable", error.status, language, onward=request.url.path)
            except SQLAlchemyError:
                return self.tell(request, "down", 503, onward=request.url.path)

        return answer


def go(path: str) -> Response:
    """Send the browser on, with GET."""
    return RedirectResponse(path, status_code=303)


def paragraphs(texts: Sequence[str]) -> list[str]:
    """Cut texts into paragraphs."""
    return [line for text in texts for line in text.splitlines() if line.strip()]
