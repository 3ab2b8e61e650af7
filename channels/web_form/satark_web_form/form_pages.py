"""The pages of the form: the beginning, a page a question, the one page for all, the details, the review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from satark.channel import FormPage, Outcome, Tap
from satark.choice_tokens import command_token
from satark.flow import ORIGIN, FormQuestion, FormView
from satark_web_form.forms import Sent
from satark_web_form.questions import answers, asked_so_far, fieldsets, place_of
from satark_web_form.site import Seen, Site, go, paragraphs
from satark_web_form.visitors import Visitor, new_visitor
from satark_web_form.words import LANGUAGES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

Choose: TypeAlias = Callable[[FormView, Sent], Sequence[FormQuestion]]
"""The questions of a page."""


class FormPages:
    """What stands at `/` and below it, up to the review."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def start(self, request: Request) -> Response:
        """The first page: what this is, and the languages; on the way back, what is unfinished."""
        sheet = await self._sheet(request)
        if sheet is not None and sheet.submitted:
            return self._site.tell(request, "handed", 200, sheet.language, onward="/close")
        shown = sheet or self._site.drafts.blank(self._site.channel.name)
        return self._site.show(
            request,
            "start.html",
            self._site.language(request, sheet),
            languages=shown.languages,
            onward=_current(sheet) if sheet is not None and sheet.started else "",
            again="again" in request.query_params,
        )

    async def begin(self, request: Request) -> Response:
        """Take the language, and go on to the first question, or to where the tip stands."""
        sent = await self._site.read(request)
        visitor, _ = await self._visitor(request)
        outcome = await self._site.take(visitor, Tap(f"@language:{sent.one('language')}:0"))
        return await self._onward(request, visitor, outcome, language=sent.one("language"))

    async def question(self, request: Request) -> Response:
        """One question of the path, by its place on it."""
        sheet = await self._sheet(request)
        if sheet is None or not sheet.language or sheet.submitted:
            return go("/")
        place, path = request.path_params["place"], asked_so_far(sheet)
        if not 1 <= place <= len(path):
            return go(_current(sheet))
        return self._page(request, sheet, "question.html", [path[place - 1]], **_step(place))

    async def answer(self, request: Request) -> Response:
        """Take the answer to one question, wherever the tip stands, and go on."""
        return await self._take(request, _named, "question.html", **_step(request.path_params["place"]))

    async def details(self, request: Request) -> Response:
        """What more could be told, each on a page of its own."""
        sheet = await self._sheet(request)
        if sheet is None or not sheet.language or sheet.submitted:
            return go("/")
        details = list(enumerate(_details(sheet), 1))
        return self._page(request, sheet, "details.html", [], details=details)

    async def detail(self, request: Request) -> Response:
        """One of them."""
        sheet = await self._sheet(request)
        details = _details(sheet) if sheet is not None and not sheet.submitted else []
        place = request.path_params["place"]
        if sheet is None or not 1 <= place <= len(details):
            return go("/details")
        return self._page(request, sheet, "question.html", [details[place - 1]], place=0, back="/details")

    async def take_detail(self, request: Request) -> Response:
        """Take it."""
        return await self._take(request, _named, "question.html", place=0, back="/details")

    async def everything(self, request: Request) -> Response:
        """Every question on one page."""
        return await self._several(request, _all, "all.html")

    async def take_everything(self, request: Request) -> Response:
        """Take the answers of the one page."""
        return await self._take(request, _all, "all.html")

    async def review(self, request: Request) -> Response:
        """All answers, to be checked, changed, added to and sent."""
        sheet = await self._sheet(request)
        if sheet is None or sheet.submitted or not sheet.language:
            return go("/")
        if not sheet.review or sheet.current == ORIGIN:
            return go(_current(sheet))
        values = {**review_of(self._site, sheet), "changed": "changed" in request.query_params}
        return self._page(request, sheet, "review.html", [], **values)

    async def ask_to_erase(self, request: Request) -> Response:
        """Ask before everything is erased."""
        sheet = await self._sheet(request)
        onward = _current(sheet) if sheet is not None and sheet.language else "/"
        return self._site.show(request, "erase.html", self._site.language(request, sheet), onward=onward)

    async def erase(self, request: Request) -> Response:
        """Erase everything that was told."""
        sent = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        sheet, certain = await self._site.seen(visitor)
        if visitor is not None and (sheet is not None or not certain):
            outcome = await self._site.take(visitor, Tap(command_token("forget")))
            if outcome.state == "refused":
                return self._site.tell(request, "down", 503, await self._site.spoken(request), onward="/erase")
        again = sent.one("then") == "start"
        response = go("/") if again else self._site.tell(request, "erased", 200, self._site.language(request, sheet))
        self._site.drafts_cookie.take(request, response)
        return response

    # ------------------------------------------------------------- what they share

    async def _sheet(self, request: Request) -> FormView | None:
        return await self._site.look(self._site.drafts_cookie.read(request))

    async def _visitor(self, request: Request) -> tuple[Visitor, Seen]:
        """The visitor and their tip. Without one there is a new visitor, whatever cookie somebody may have planted.

        While the database is out of reach the cookie is believed, so that what comes belongs to the tip that was begun.
        """
        visitor = self._site.drafts_cookie.read(request)
        seen = await self._site.seen(visitor)
        known = visitor is not None and (seen.sheet is not None or not seen.certain)
        return (visitor, seen) if visitor is not None and known else (new_visitor(), seen)

    async def _several(self, request: Request, choose: Choose, template: str) -> Response:
        sheet = await self._sheet(request)
        if sheet is None or sheet.submitted or not sheet.language:
            return go("/")
        return self._page(request, sheet, template, choose(sheet, Sent(fields={})))

    async def _take(self, request: Request, choose: Choose, template: str, **values: Any) -> Response:
        visitor, (sheet, certain) = await self._visitor(request)
        sent = await self._site.read(request, visitor)
        if sheet is not None and sheet.submitted:
            return go("/")
        language = sent.one("language")
        known = sheet or self._site.drafts.blank(self._site.channel.name, language)
        event = FormPage(tuple(answers(choose(known, sent), sent)), language)
        outcome = await self._site.take(visitor, event, sent.one("page"))
        problems = dict(outcome.prompts[-1].problems) if outcome.prompts else {}
        problems |= {step: self._site.words(self._site.language(request, known))(key) for step, key in sent.problems}
        if (problems or sent.one("stay")) and outcome.state == "accepted":
            now = await self._site.look(visitor) or known
            response = self._page(request, now, template, choose(now, sent), sent, problems=problems, **values)
            self._site.drafts_cookie.give(request, response, visitor)
            return response
        again = certain and sheet is None
        return await self._onward(request, visitor, outcome, language=language, onward="/?again" if again else "")

    async def _onward(
        self, request: Request, visitor: Visitor, outcome: Outcome, *, language: str, onward: str = ""
    ) -> Response:
        """Go on to the question in force, or say that what was sent is kept until the database is back."""
        if outcome.state != "accepted":
            spoken = language if language in LANGUAGES else self._site.language(request)
            response = self._site.tell(request, outcome.state, 503, spoken, onward=request.url.path)
        else:
            sheet = await self._site.look(visitor)
            response = go(onward or (_current(sheet) if sheet else "/"))
        self._site.drafts_cookie.give(request, response, visitor)
        return response

    def _page(
        self,
        request: Request,
        sheet: FormView,
        template: str,
        questions: Sequence[FormQuestion],
        sent: Sent | None = None,
        *,
        problems: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        laid_out = fieldsets(questions, sent, problems or {})
        here = {one.question.step for one in laid_out}
        said = [] if problems or sheet.current not in here | {sheet.review} else list(sheet.prompt.parts[:-1])
        shown = {
            "sheet": sheet,
            "fieldsets": laid_out,
            "problems": [one for one in laid_out if one.problem],
            "said": paragraphs(said),
            "place": 0,
            **values,
        }
        status = 422 if problems else 200
        return self._site.show(request, template, self._site.language(request, sheet), status, **shown)


def review_of(site: Site, sheet: FormView) -> dict[str, Any]:
    """What the review shows."""
    return {"answered": _answered(sheet), "token": _send(sheet), "gate": site.gate.offer("tip"), "problem": ""}


def _current(sheet: FormView) -> str:
    """Where the question in force stands."""
    if sheet.current == ORIGIN:
        return "/origin"
    if sheet.review and sheet.current == sheet.review:
        return "/review"
    return f"/form/{place_of(sheet, sheet.current) or 1}"


def _named(sheet: FormView, sent: Sent) -> Sequence[FormQuestion]:
    """The question that the form itself names."""
    return [question for question in sheet.questions if question.step == sent.one("question")]


def _all(sheet: FormView, _sent: Sent) -> Sequence[FormQuestion]:
    """The questions of the one page: all but the details, the files, and what is asked only if there are such."""
    found: list[FormQuestion] = []
    apart = False
    for question in sheet.questions:
        elsewhere = question.detail or question.wants == "media"
        apart = apart or elsewhere
        if not elsewhere and (question.asked or not (apart and question.conditional)):
            found.append(question)
    return found


def _step(place: int) -> dict[str, Any]:
    """What a page of the path shows beside its question."""
    return {"place": place, "back": f"/form/{place - 1}" if place > 1 else "/"}


def _details(sheet: FormView) -> Sequence[FormQuestion]:
    return [question for question in sheet.questions if question.detail and question.asked]


def _answered(sheet: FormView) -> list[tuple[int, FormQuestion]]:
    """The answers to be checked, each with the place of its page."""
    return [(n, question) for n, question in enumerate(asked_so_far(sheet), 1) if question.answered]


def _send(sheet: FormView) -> str:
    """The token that hands in what the page shows, and nothing else."""
    choices = (choice.token for choice in sheet.prompt.choices)
    return next((token for token in choices if token.split(":")[1] == "send"), "")
