"""The end of the form: handing in, what may still be asked then, the receipt, and leaving in a hurry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.channel import Tap
from satark.choice_tokens import command_token
from satark.codes import find_receipt_code
from satark.flow import ORIGIN
from satark_web_form.form_pages import review_of
from satark_web_form.site import Site, go, paragraphs
from satark_web_form.visitors import Visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark.channel import Outcome
    from satark.flow import FormView

_FORGET_THIS_SITE = '"cache"'
"""`Clear-Site-Data`: the browser forgets what it kept of our pages, so that going back shows none of them."""


class ClosingPages:
    """What comes after the review."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def send(self, request: Request) -> Response:
        """Hand the tip in and show the receipt: in this answer, and never again."""
        sent = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        sheet, certain = await self._site.seen(visitor)
        if visitor is None or (certain and (sheet is None or sheet.submitted)):
            return go("/")
        language = self._site.language(request, sheet, sent)
        if shut := await self._site.admits(sent, "tip"):
            if sheet is None:
                return self._site.tell(request, "refused.sent", 503, language, onward="/review")
            values = {**review_of(self._site, sheet), "problem": self._site.words(language)(shut)}
            return self._site.show(request, "review.html", language, 422, said=[], problems=[], changed=False, **values)
        outcome = await self._site.take(visitor, Tap(sent.one("token")))
        if outcome.state != "accepted":
            return self._site.tell(request, f"{outcome.state}.sent", 503, language, onward="/review")
        return self._receipt(request, outcome, language) or go("/review?changed")

    async def ask_origin(self, request: Request) -> Response:
        """Ask whether the police may know where and when files were taken that say so themselves."""
        sheet = await self._site.look(self._site.drafts_cookie.read(request))
        if sheet is None or sheet.current != ORIGIN:
            return go("/review")
        language, prompt = self._site.language(request, sheet), sheet.prompt
        lead, unsent = prompt.parts[-1], not sheet.review
        return self._site.show(request, "origin.html", language, lead=lead, choices=prompt.choices, unsent=unsent)

    async def take_origin(self, request: Request) -> Response:
        """Take the answer. The tip goes off with it where it was sent before this was asked."""
        sent = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        sheet, certain = await self._site.seen(visitor)
        if visitor is None or (certain and (sheet is None or sheet.current != ORIGIN)):
            return go("/review")
        language = self._site.language(request, sheet, sent)
        outcome = await self._site.take(visitor, Tap(sent.one("token")))
        if outcome.state != "accepted":
            return self._site.tell(request, f"{outcome.state}.sent", 503, language, onward="/origin")
        return self._receipt(request, outcome, language) or go("/review")

    async def close(self, request: Request) -> Response:
        """Forget the browser, once the receipt was written down."""
        await self._site.read(request)
        sheet = await self._end(request)
        response = self._site.tell(request, "closed", 200, self._site.language(request, sheet))
        return self._forgotten(request, response)

    async def leave(self, request: Request) -> Response:
        """Erase what is unfinished and lead to a harmless page in place of this one, in a hurry."""
        await self._end(request)
        response = self._site.show(request, "leave.html", self._site.language(request))
        response.headers["refresh"] = f"0;url={self._site.settings.exit_url}"
        response.headers["referrer-policy"] = "no-referrer"
        return self._forgotten(request, response)

    def _receipt(self, request: Request, outcome: Outcome, language: str) -> Response | None:
        """Show the receipt of a tip that was just handed in: in this answer, and never again. None: none was."""
        prompt = next((p for p in outcome.prompts if p.must_arrive), None)
        if prompt is None:
            return None
        lines = [(line, find_receipt_code(line) is not None) for line in paragraphs(prompt.parts[:1])]
        return self._site.show(request, "receipt.html", language, lines=lines)

    async def _end(self, request: Request) -> FormView | None:
        visitor = self._site.drafts_cookie.read(request)
        sheet, certain = await self._site.seen(visitor)
        if visitor is not None and (sheet is not None or not certain):
            await self._forget(visitor)
        return sheet

    async def _forget(self, visitor: Visitor) -> None:
        await self._site.take(visitor, Tap(command_token("forget")))

    def _forgotten(self, request: Request, response: Response) -> Response:
        self._site.drafts_cookie.take(request, response)
        self._site.mailbox_cookie.take(request, response)
        response.headers["clear-site-data"] = _FORGET_THIS_SITE
        return response
