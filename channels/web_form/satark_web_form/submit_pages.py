"""The pages after the review: submission, the question about photo locations, the receipt, closing and leaving."""

import asyncio
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.responses import Response

from satark.api import BEFORE_SENDING, RECEIPT_DIGITS, FormView, Tap, parse_token
from satark_web_form.channel import FORGET
from satark_web_form.form_pages import review_values, send_token
from satark_web_form.form_reader import SubmittedForm
from satark_web_form.site import FormSite, ProofProblem, paragraphs, redirect
from satark_web_form.visitor_cookie import Visitor
from satark_words.tokens import find_code

_CLEAR_CACHE = '"cache"'
"""`Clear-Site-Data`: the browser drops its cached pages of this site, so that its back button shows none of them."""


def receipt_lines(parts: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the notices about files and the receipt's lines, each line with a flag: whether it holds the code.

    The parts after the receipt are left out: they ask whether the tipster may be reached, which no page asks.
    """
    last = next((number for number, part in enumerate(parts) if find_code(part, RECEIPT_DIGITS) is not None), 0)
    return [(line, find_code(line, RECEIPT_DIGITS) is not None) for line in paragraphs(parts[: last + 1])]


class SubmitPages:
    """Serves the pages after the review."""

    def __init__(self, site: FormSite) -> None:
        self._site = site
        self._sending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def press(self, request: Request) -> Response:
        """Accept a button of the review or of the question before sending. A repeated request submits nothing."""
        form = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        if visitor is None:
            return redirect("/")
        # Who presses the button twice has one proof for both requests, so the second waits for the tip of the first.
        async with self._sending.setdefault(visitor.secret, asyncio.Lock()):
            return await self._press(request, form, visitor)

    async def _press(self, request: Request, form: SubmittedForm, visitor: Visitor) -> Response:
        view, database_up = await self._site.look_up(visitor)
        if database_up and (view is None or view.submitted):
            return redirect("/receipt")
        language, token = self._site.language(request, view, form), form.value("token")
        page = "/review" if request.url.path == "/send" else "/before-sending"
        if view is not None and token not in {choice.token for choice in view.prompt.choices}:
            return redirect(f"{page}?changed")  # before the proof is checked, which is for one tip
        pressed = parse_token(token)
        submits = pressed is None or pressed.option in {"send", "all"}
        if submits and (problem := await self._site.check_proof(form, "tip", visitor)):
            return self._proof_refused(request, view, language, problem)
        outcome = await self._site.ingest(visitor, Tap(token))
        if outcome.state != "accepted":
            return self._site.message_page(request, f"{outcome.state}.sent", 503, language, next_url="/receipt")
        return await self._next(visitor, "/review?changed" if page == "/review" else "/review")

    async def receipt(self, request: Request) -> Response:
        """Show the receipt of the submitted tip, until the tipster closes it or the session ends."""
        view = await self._site.draft_of(self._site.drafts_cookie.read(request))
        if view is None or not view.receipt:
            return redirect("/review")
        lines = receipt_lines(view.receipt)
        return self._site.page(request, "receipt.html", self._site.language(request, view), lines=lines)

    async def ask_before_sending(self, request: Request) -> Response:
        """Ask the questions before sending: about words that identify the tipster, and about the origin of files."""
        view = await self._site.draft_of(self._site.drafts_cookie.read(request))
        if view is None or view.current not in BEFORE_SENDING:
            return redirect("/review")
        return self._before_sending_page(request, view, self._site.language(request, view))

    def _before_sending_page(
        self, request: Request, view: FormView, language: str, problem: ProofProblem | None = None
    ) -> Response:
        prompt = view.prompt
        # Who wants to write it anew changes the answer on its own page.
        choices = [
            choice for choice in prompt.choices if (token := parse_token(choice.token)) and token.option != "change"
        ]
        values: dict[str, Any] = {
            "lead": paragraphs(prompt.parts[-1:]),
            "choices": choices,
            "unsent": len(prompt.parts) > 1,
            "about": view.current[1:],
            "changed": "changed" in request.query_params,
            "problem": self._site.proof_text(problem, language),
            "challenge": self._site.challenge("tip", problem) if send_token(view) else None,
        }
        return self._site.page(request, "before_sending.html", language, 422 if problem else 200, **values)

    async def close(self, request: Request) -> Response:
        """End the conversation after the receipt, and clear the browser's data."""
        await self._site.read(request)
        view = await self._forget(request)
        response = self._site.message_page(request, "closed", 200, self._site.language(request, view))
        return self._cleared(request, response)

    async def leave(self, request: Request) -> Response:
        """Erase the draft, clear the browser's data and open a neutral page."""
        await self._forget(request)
        response = self._site.page(request, "leave.html", self._site.language(request))
        response.headers["refresh"] = f"0;url={self._site.settings.exit_url}"
        response.headers["referrer-policy"] = "no-referrer"
        return self._cleared(request, response)

    def _proof_refused(self, request: Request, view: FormView | None, language: str, problem: ProofProblem) -> Response:
        if view is None:
            return self._site.message_page(request, "refused.sent", 503, language, next_url="/review")
        if view.current in BEFORE_SENDING:
            return self._before_sending_page(request, view, language, problem)
        values = {**review_values(self._site, view, problem, language), "view": view}
        return self._site.page(request, "review.html", language, 422, notes=[], problems=[], changed=False, **values)

    async def _next(self, visitor: Visitor, otherwise: str) -> Response:
        view = await self._site.draft_of(visitor)
        return redirect("/receipt" if view is not None and view.submitted else otherwise)

    async def _forget(self, request: Request) -> FormView | None:
        """Erase the visitor's draft. Return the view that the draft had before."""
        visitor = self._site.drafts_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if visitor is not None and (view is not None or not database_up):
            await self._site.ingest(visitor, FORGET)
        return view

    def _cleared(self, request: Request, response: Response) -> Response:
        self._site.drafts_cookie.clear(request, response)
        self._site.mailbox_cookie.clear(request, response)
        response.headers["clear-site-data"] = _CLEAR_CACHE
        return response
