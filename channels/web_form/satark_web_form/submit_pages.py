"""The pages after the review: submission, the question about photo locations, the receipt, closing and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from satark.api import BEFORE_SENDING, RECEIPT_DIGITS, FormView, Outcome, Tap, command_token, parse_token
from satark_web_form.form_pages import review_values, send_token
from satark_web_form.site import FormSite, ProofProblem, paragraphs, redirect
from satark_words.tokens import find_code

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


_CLEAR_CACHE = '"cache"'
"""`Clear-Site-Data`: the browser drops its cached pages of this site, so that its back button shows none of them."""


def receipt_lines(parts: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the notices about files and the receipt's lines, each line with whether it holds the code.

    The parts after the receipt are left out: they ask whether the tipster may be reached, which no page asks.
    """
    last = next((number for number, part in enumerate(parts) if find_code(part, RECEIPT_DIGITS) is not None), 0)
    return [(line, find_code(line, RECEIPT_DIGITS) is not None) for line in paragraphs(parts[: last + 1])]


class SubmitPages:
    """Serves the pages after the review."""

    def __init__(self, site: FormSite) -> None:
        self._site = site

    async def send(self, request: Request) -> Response:
        """Submit the tip and show the receipt in this response, which is the only one that shows it."""
        form = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if visitor is None or (database_up and (view is None or view.submitted)):
            return redirect("/")
        language = self._site.language(request, view, form)
        if view is not None and form.value("token") != send_token(view):
            return redirect("/review?changed")  # before the proof is checked, which is for one tip
        if problem := await self._site.check_proof(form, "tip", visitor):
            return self._proof_refused(request, view, language, problem)
        outcome = await self._site.ingest(visitor, Tap(form.value("token")))
        if outcome.state != "accepted":
            return self._site.message_page(request, f"{outcome.state}.sent", 503, language, next_url="/review")
        return self._receipt(request, outcome, language) or redirect("/review?changed")

    async def ask_before_sending(self, request: Request) -> Response:
        """Ask what the tipster must decide first: about words that may identify them, and about the origin of files."""
        view = await self._site.draft_of(self._site.drafts_cookie.read(request))
        if view is None or view.current not in BEFORE_SENDING:
            return redirect("/review")
        language, prompt = self._site.language(request, view), view.prompt
        lead, unsent = prompt.parts[-1], len(prompt.parts) > 1
        # Who wants to write it anew changes the answer on its own page.
        choices = [
            choice for choice in prompt.choices if (token := parse_token(choice.token)) and token.option != "change"
        ]
        values: dict[str, Any] = {
            "lead": paragraphs([lead]),
            "choices": choices,
            "unsent": unsent,
            "about": view.current[1:],
        }
        return self._site.page(request, "before_sending.html", language, **values)

    async def answer_before_sending(self, request: Request) -> Response:
        """Accept the answer, and go on to the review: also if the question came up after the tipster pressed "send"."""
        form = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if visitor is None or (database_up and (view is None or view.current not in BEFORE_SENDING)):
            return redirect("/review")
        language = self._site.language(request, view, form)
        outcome = await self._site.ingest(visitor, Tap(form.value("token")))
        if outcome.state != "accepted":
            return self._site.message_page(request, f"{outcome.state}.sent", 503, language, next_url="/before-sending")
        return self._receipt(request, outcome, language) or redirect("/review")

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
        values = review_values(self._site, view, problem, language)
        return self._site.page(request, "review.html", language, 422, notes=[], problems=[], changed=False, **values)

    def _receipt(self, request: Request, outcome: Outcome, language: str) -> Response | None:
        """Show the receipt of the submitted tip. None: no tip was submitted."""
        prompt = next((p for p in outcome.prompts if p.must_arrive), None)
        if prompt is None:
            return None
        return self._site.page(request, "receipt.html", language, lines=receipt_lines(prompt.parts))

    async def _forget(self, request: Request) -> FormView | None:
        """Erase the visitor's draft. Return the view that the draft had before."""
        visitor = self._site.drafts_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if visitor is not None and (view is not None or not database_up):
            await self._site.ingest(visitor, Tap(command_token("forget")))
        return view

    def _cleared(self, request: Request, response: Response) -> Response:
        """Clear the cookies and the cache in the browser."""
        self._site.drafts_cookie.clear(request, response)
        self._site.mailbox_cookie.clear(request, response)
        response.headers["clear-site-data"] = _CLEAR_CACHE
        return response
