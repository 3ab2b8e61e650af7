"""The parts that all pages share: the visitor's draft, the language, admission, ingest, rendering and texts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from satark.api import (
    Batch,
    Event,
    FormError,
    FormPage,
    FormView,
    Inbound,
    Media,
    Outcome,
    WebContext,
    page_templates,
    preferred,
)
from satark_web_form.channel import ACCOUNT, FORGET, WebFormChannel
from satark_web_form.form_reader import FormReader, SubmittedForm, to_submitted_form
from satark_web_form.map.area_map import draw_map
from satark_web_form.proof_of_work.proof_of_work import PROOF_FIELD, FreeBudget, ProofChallenge, ProofOfWork, Purpose
from satark_web_form.settings import WebFormSettings
from satark_web_form.uploads.upload_store import UploadStore
from satark_web_form.visitor_cookie import Visitor, VisitorCookie
from satark_words.catalogues import Catalogues
from satark_words.languages import language as known_language
from satark_words.languages import languages_of

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_PACKAGE: Final = "satark_web_form"
_WAITING_AT_ONCE: Final = 100
"""Most requests that one process keeps waiting for their ticket."""
PAGE_BYTES: Final = 16 * 1024
"""Of how many bytes the size of each page is a multiple."""
_encode = msgspec.msgpack.Encoder().encode


class DraftLookup(NamedTuple):
    """The draft of a visitor, and whether the database could be read."""

    view: FormView | None
    database_up: bool
    """False: the database is down, and `view` is None even if there is a draft."""


class ProofProblem(NamedTuple):
    """The reason why a proof of work was not accepted."""

    text: str
    """Key of the text that tells the visitor the reason."""
    ticket: str = ""
    """The delay ticket that stays valid; empty: the page needs a new one."""
    wait: int = 0
    """Seconds after which the ticket can be checked again."""


class FormSite:
    """The shared parts of the form and the mailbox, in one process."""

    def __init__(
        self,
        context: WebContext,
        settings: WebFormSettings,
        *,
        public_url: str,
        uploads: UploadStore,
        proof_of_work: ProofOfWork,
    ) -> None:
        self._ingest = context.ingest
        self.drafts = context.drafts
        self.settings = settings
        self.public_url = public_url
        self.uploads = uploads
        self.proof_of_work = proof_of_work
        self.channel = WebFormChannel(uploads, proof_of_work.folder)
        self.read = FormReader(uploads, settings.upload_stall_seconds, self.admit_files).read
        """Reads a form, with the files of a visitor: see `FormReader.read`."""
        self._waiting = 0
        self.free_drafts = FreeBudget(settings.free_drafts_per_minute)
        """The budget of new drafts that need no proof."""
        self.free_uploads = FreeBudget(settings.free_uploads_per_minute)
        """The budget of files that need no proof."""
        self.drafts_cookie = VisitorCookie("satark-form", "/", public_url)
        self.mailbox_cookie = VisitorCookie("satark-status", "/status", public_url)
        self._texts = load_page_texts(code for code, _ in self.drafts.blank(self.channel.name).languages)
        self._maps = {language: draw_map(context.geography, language) for language in self._texts}
        self._templates = page_templates(Path(__file__).parent / "templates")

    async def check_proof(
        self, sent: SubmittedForm, purpose: Purpose, owner: Visitor | None = None
    ) -> ProofProblem | None:
        """Check the proof of work of a form. Return the problem, or None.

        If a delay ticket becomes valid soon, wait and check it again, so that the visitor presses the button once.
        """
        proof, secret = sent.value(PROOF_FIELD), owner.secret if owner else ""
        result = await self.proof_of_work.check(proof, purpose, secret)
        if result.status in {"early", "queued"} and self._may_wait(result.wait):
            await self._wait(result.wait)
            result = await self.proof_of_work.check(proof, purpose, secret)
        if result.valid:
            return None
        if result.status in {"early", "queued", "busy"}:  # the ticket, and the place in the queue, stay as they are
            return ProofProblem("proof.busy" if result.status == "busy" else "proof.queued", proof, result.wait)
        return ProofProblem("proof.again" if proof else "proof.needed")

    def _may_wait(self, seconds: int) -> bool:
        short = seconds <= self.settings.proof_wait_seconds + 1
        return short and self._waiting < _WAITING_AT_ONCE

    async def _wait(self, seconds: int) -> None:
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1

    def challenge(self, purpose: Purpose, problem: ProofProblem | None = None) -> ProofChallenge:
        """Return the challenge of a form. After a problem, it has the ticket that the browser keeps."""
        return self.proof_of_work.challenge(purpose, *(problem[1:] if problem else ()))

    def proof_text(self, problem: ProofProblem | None, language: str) -> str:
        """Return the text that describes a problem of the proof; empty if there is no problem."""
        return self.texts(language)(problem.text, seconds=problem.wait) if problem else ""

    async def admit_draft(self, sent: SubmittedForm) -> ProofProblem | None:
        """Check that a new draft may begin. A number of drafts a minute need no proof of work; the others need one."""
        if not sent.value(PROOF_FIELD) and self.free_drafts.take():
            return None
        return await self.check_proof(sent, "draft")

    async def admit_files(self, visitor: Visitor, proof: str) -> ProofProblem | None:
        """Check that a draft may upload: some files a minute need no proof, beyond that each draft needs one."""
        if self.free_uploads.take() or await asyncio.to_thread(self.uploads.has_worked, visitor.key):
            return None
        problem = await self.check_proof(to_submitted_form([(PROOF_FIELD, proof)]), "upload", visitor)
        if problem is None:
            await asyncio.to_thread(self.uploads.note_work, visitor.key)
        return problem

    async def draft_of(self, visitor: Visitor | None) -> FormView | None:
        """Return the draft of a visitor; None: there is none.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is down.
        """
        return await self.drafts.look(ACCOUNT, visitor.address) if visitor else None

    async def look_up(self, visitor: Visitor | None) -> DraftLookup:
        """Look up the draft of a visitor who submits something, even while the database is down."""
        try:
            return DraftLookup(await self.draft_of(visitor), database_up=True)
        except SQLAlchemyError:
            return DraftLookup(None, database_up=False)

    async def ingest(self, visitor: Visitor, event: Event, page: str = "", marks: Sequence[str] = ()) -> Outcome:
        """Ingest one event of a visitor.

        Args:
            visitor: the sender.
            event: the event.
            page: the id of the page. The same event of one page is ingested once. Empty: the event is always ingested.
            marks: what stands for the event's files, which a repeated form brings anew.
        """
        page_id = page or secrets.token_urlsafe(12)
        key = sha256(_encode((visitor.secret, page_id, _without_files(event), sorted(marks)))).hexdigest()
        inbound = Inbound(account=ACCOUNT, event_key=key, senders=(visitor.address,), event=event)
        return await self._ingest.receive(self.channel, Batch(inbound=[inbound]))

    async def forget(
        self, request: Request, visitor: Visitor, language: str, spooled: str, url: str
    ) -> Response | None:
        """Erase everything stored of a visitor. Return the page that tells why that is not done; None: it is done."""
        outcome = await self.ingest(visitor, FORGET)
        if outcome.state == "accepted" and await self.draft_of(visitor) is None:
            return None
        name = spooled if outcome.state == "spooled" else "refused.erased"
        return self.message_page(request, name, 503, language, next_url=url)

    def language(self, request: Request, view: FormView | None = None, sent: SubmittedForm | None = None) -> str:
        """Return the language of the response: the draft's, the form's, the query's or the browser's, in this order."""
        known = view.language if view else ""
        wanted = known or (sent.value("language") if sent else "") or request.query_params.get("lang", "")
        offered = self.languages
        return wanted if wanted in offered else preferred(request.headers.get("accept-language", ""), offered)

    async def visitor_language(self, request: Request) -> str:
        """Return the language of the response if only the cookies are known."""
        found = await self.look_up(self.drafts_cookie.read(request))
        if found.view is None:
            found = await self.look_up(self.mailbox_cookie.read(request))
        return self.language(request, found.view)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the pages, in the order in which they are offered."""
        return tuple(self._texts)

    def texts(self, language: str) -> PageTexts:
        return self._texts[language]

    def page(self, request: Request, template: str, language: str, status: int = 200, **values: Any) -> Response:
        common = {
            "t": self._texts[language],
            "all_texts": self._texts,
            "language": language,
            "path": request.url.path,
            "page_id": secrets.token_urlsafe(12),
            "area_map": self._maps[language],
            "exit_url": self.settings.exit_url,
            "problems": [],
        }
        written = self._templates.get_template(template).render({**common, **values})
        response = HTMLResponse(_padded(written.encode()), status)
        if self.settings.onion_url and not (request.url.hostname or "").endswith(".onion"):
            response.headers["onion-location"] = self.settings.onion_url + request.url.path
        return response

    def message_page(self, request: Request, message: str, status: int, language: str = "", **values: Any) -> Response:
        """Render a page with one message, from the texts `<message>.title` and `<message>.text`."""
        shown = {"message": message, "next_url": "/", **values}
        return self.page(request, "message.html", language or self.language(request), status, **shown)

    def with_error_pages(self, endpoint: Endpoint) -> Endpoint:
        """Wrap an endpoint so that an unreadable form and a database that is down give an error page."""

        async def respond(request: Request) -> Response:
            try:
                return await endpoint(request)
            except FormError as error:
                language = await self.visitor_language(request)
                return self.message_page(request, "unreadable", error.status, language, next_url=request.url.path)
            except SQLAlchemyError:
                return self.message_page(request, "down", 503, next_url=request.url.path)

        return respond


def _padded(page: bytes) -> bytes:
    """Fill a page up with blanks: who carries the connection sees its size, and could tell which page it is."""
    return page + b" " * (-len(page) % PAGE_BYTES)


def _without_files(event: Event) -> Event | None:
    if isinstance(event, FormPage):
        told = tuple(one for one in event.answers if not isinstance(one[1], Media))
        return msgspec.structs.replace(event, answers=told)
    return None if isinstance(event, Media) else event


def redirect(path: str) -> Response:
    """Redirect the browser to a path, with GET."""
    return RedirectResponse(path, status_code=303)


def paragraphs(texts: Sequence[str]) -> list[str]:
    """Split texts into their non-empty lines."""
    return [line for text in texts for line in text.splitlines() if line.strip()]


class PageTexts:
    def __init__(self, language: str) -> None:
        self.language = language
        self.direction = known_language(language).direction
        """`ltr` or `rtl`."""
        self.name = known_language(language).name
        """The language's name, in that language."""
        self._texts = Catalogues.of(_PACKAGE)[language]

    def __call__(self, key: str, **values: Any) -> str:
        return self._texts.text(key, **values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def lines(self, key: str) -> list[str]:
        return self._texts.text(key).split("\n")


def load_page_texts(offered: Iterable[str]) -> dict[str, PageTexts]:
    """Load the pages' texts in those languages of the flow in which no text is missing.

    If there is no such language, load every language in which no text is missing.
    """
    spoken = [language for language in languages_of(_PACKAGE) if _is_complete(language)]
    return {language: PageTexts(language) for language in [one for one in offered if one in spoken] or spoken}


def _is_complete(language: str) -> bool:
    catalogues = Catalogues.of(_PACKAGE)
    return all(key in catalogues[language] for key in catalogues["en"])
