"""The pages of the form: start, one question per page, all questions on one page, details, review, erasure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from satark.api import BEFORE_SENDING, FormPage, FormQuestion, FormView, Outcome, Tap, Text
from satark_web_form.fieldsets import answers_of, position_of, questions_so_far, to_fieldset
from satark_web_form.form_reader import SubmittedForm
from satark_web_form.site import DraftLookup, FormSite, ProofProblem, paragraphs, redirect
from satark_web_form.visitor_cookie import Visitor, new_visitor

Select: TypeAlias = Callable[[FormView, SubmittedForm], Sequence[FormQuestion]]


class FormPages:
    """Serves `/` and the pages below it, up to the review."""

    def __init__(self, site: FormSite) -> None:
        self._site = site

    async def start(self, request: Request) -> Response:
        """Show the first page, with the languages and a link to the draft if there is one."""
        view = await self._view(request)
        if view is not None and view.receipt:
            return redirect("/receipt")
        problem = ProofProblem("proof.needed") if view is None and self._site.free_drafts.is_empty else None
        return self._start(request, view, problem)

    def _start(
        self,
        request: Request,
        view: FormView | None,
        problem: ProofProblem | None,
        form: SubmittedForm | None = None,
        code: str = "",
    ) -> Response:
        language = self._site.language(request, view, form)
        return self._site.page(
            request,
            "start.html",
            language,
            422 if form else 200,
            draft_url=_current_url(view) if view is not None and view.started else "",
            expired="expired" in request.query_params,
            challenge=self._site.challenge("draft", problem) if problem else None,
            proof_problem=self._site.proof_text(problem, language),
            code=code,
        )

    async def begin(self, request: Request) -> Response:
        """Set the language, or take over the draft of another channel; redirect to the current question."""
        form = await self._site.read(request)
        visitor, _ = await self._visitor(request)
        if self._is_new(request, visitor) and (problem := await self._site.admit_draft(form)):
            return self._start(request, None, problem, form)
        code = form.value("handoff").strip()
        event = Text(f"continue {code}") if code else Tap(f"@language:{form.value('language')}:0")
        outcome = await self._site.ingest(visitor, event)
        view = await self._site.draft_of(visitor) if code and outcome.state == "accepted" else None
        if view is not None and not view.started:
            return self._start(request, None, None, form, code=code)
        return await self._next_page(request, visitor, outcome, language=form.value("language"))

    async def question(self, request: Request) -> Response:
        """Show one question, by its position in the flow."""
        view = await self._view(request)
        if view is None or not view.language or view.submitted:
            return redirect("/")
        position, path = request.path_params["position"], questions_so_far(view)
        if not 1 <= position <= len(path):
            return redirect(_current_url(view))
        return self._page(request, view, "question.html", [path[position - 1]], back=_back(position))

    async def answer(self, request: Request) -> Response:
        """Accept the answer to a question, even if another question is current, and redirect to the next page."""
        return await self._answer(request, _named, "question.html", back=_back(request.path_params["position"]))

    async def details(self, request: Request) -> Response:
        """List the optional details, each with a link to its page."""
        view = await self._view(request)
        if view is None or not view.language or view.submitted:
            return redirect("/")
        return self._page(request, view, "details.html", [], details=list(enumerate(_details(view), 1)))

    async def detail(self, request: Request) -> Response:
        view = await self._view(request)
        details = _details(view) if view is not None and not view.submitted else []
        position = request.path_params["position"]
        if view is None or not 1 <= position <= len(details):
            return redirect("/details")
        return self._page(request, view, "question.html", [details[position - 1]], back="/details")

    async def answer_detail(self, request: Request) -> Response:
        return await self._answer(request, _named, "question.html", back="/details")

    async def all_questions(self, request: Request) -> Response:
        view = await self._view(request)
        if view is None or view.submitted or not view.language:
            return redirect("/")
        return self._page(request, view, "all.html", _all(view, SubmittedForm(fields={})))

    async def answer_all(self, request: Request) -> Response:
        """Accept the answers to all questions."""
        return await self._answer(request, _all, "all.html")

    async def review(self, request: Request) -> Response:
        """Show all answers. The tipster can check, change, complete and send them."""
        view = await self._view(request)
        if view is None or view.submitted or not view.language:
            return redirect("/")
        if not view.review or view.current in BEFORE_SENDING:
            return redirect(_current_url(view))
        values = {**review_values(self._site, view), "changed": "changed" in request.query_params}
        return self._page(request, view, "review.html", [], **values)

    async def confirm_erasure(self, request: Request) -> Response:
        """Ask whether to erase the draft."""
        view = await self._view(request)
        next_url = _current_url(view) if view is not None and view.language else "/"
        return self._site.page(request, "erase.html", self._site.language(request, view), next_url=next_url)

    async def erase(self, request: Request) -> Response:
        """Erase the draft; say whether that was done; without a draft, say that a sent tip stays sent."""
        form = await self._site.read(request)
        visitor = self._site.drafts_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        language = self._site.language(request, view, form)
        if visitor is not None and (view is not None or not database_up):
            unerased = await self._site.forget(request, visitor, language, "spooled.erased", "/")
            if unerased is not None:
                return unerased  # the cookie stays, so that it can be tried or looked at again
        if form.value("then") == "start":
            response = redirect("/")
        else:
            held = view is not None and view.started and not view.submitted
            response = self._site.message_page(request, "erased" if held else "nothing_erased", 200, language)
        self._site.drafts_cookie.clear(request, response)
        return response

    # ------------------------------------------------------------- shared by the pages

    async def _view(self, request: Request) -> FormView | None:
        return await self._site.draft_of(self._site.drafts_cookie.read(request))

    async def _visitor(self, request: Request) -> tuple[Visitor, DraftLookup]:
        """Return the visitor and their draft; without a draft, a new visitor, whatever the cookie says.

        While the database is down, the visitor is the cookie's, so that answers reach the right draft.
        """
        visitor = self._site.drafts_cookie.read(request)
        found = await self._site.look_up(visitor)
        known = visitor is not None and (found.view is not None or not found.database_up)
        return (visitor, found) if visitor is not None and known else (new_visitor(), found)

    def _is_new(self, request: Request, visitor: Visitor) -> bool:
        """Whether a visitor has no draft yet. While the database is down, this is a guess."""
        return self._site.drafts_cookie.read(request) != visitor

    def _ask_for_proof(
        self, request: Request, shown: FormView, form: SubmittedForm, problem: ProofProblem, **page: Any
    ) -> Response:
        """Show the answers again with a challenge: their draft has expired, and a new draft needs a proof of work."""
        questions = page["questions"]
        if not questions:
            return redirect("/")
        text = self._site.proof_text(problem, self._site.language(request, shown, form))
        challenge = self._site.challenge("draft", problem)
        return self._page(request, shown, form=form, problems={questions[0].step: text}, challenge=challenge, **page)

    async def _answer(self, request: Request, select: Select, template: str, **values: Any) -> Response:
        visitor, (view, database_up) = await self._visitor(request)
        is_new = self._is_new(request, visitor)
        form = await self._site.read(request, visitor, accepts_files=not is_new)
        if view is not None and view.submitted:
            return redirect("/")
        language = form.value("language")
        shown = view or self._site.drafts.blank(self._site.channel.name, language)
        if is_new and (problem := await self._site.admit_draft(form)):
            questions = select(shown, form)
            return self._ask_for_proof(request, shown, form, problem, template=template, questions=questions, **values)
        event = FormPage(tuple(answers_of(select(shown, form), form)), language)
        outcome = await self._site.ingest(visitor, event, form.value("page"), form.marks)
        problems = dict(outcome.prompts[-1].problems) if outcome.prompts else {}
        texts = self._site.texts(self._site.language(request, shown))
        problems |= {step: texts(key) for step, key in form.problems}
        if (problems or form.value("stay")) and outcome.state == "accepted":
            updated = await self._site.draft_of(visitor) or shown
            if questions := select(updated, form):  # none: the form names no question that there is
                response = self._page(request, updated, template, questions, form, problems=problems, **values)
                self._site.drafts_cookie.set(request, response, visitor)
                return response
        expired = database_up and view is None
        next_url = "/?expired" if expired else ""
        return await self._next_page(request, visitor, outcome, language=language, next_url=next_url)

    async def _next_page(
        self, request: Request, visitor: Visitor, outcome: Outcome, *, language: str, next_url: str = ""
    ) -> Response:
        """Redirect to the current question; while the database is down, tell whether the answer was spooled."""
        if outcome.state != "accepted":
            shown_language = language if language in self._site.languages else self._site.language(request)
            response = self._site.message_page(request, outcome.state, 503, shown_language, next_url=request.url.path)
        else:
            view = await self._site.draft_of(visitor)
            response = redirect(next_url or (_current_url(view) if view else "/"))
        self._site.drafts_cookie.set(request, response, visitor)
        return response

    def _page(
        self,
        request: Request,
        view: FormView,
        template: str,
        questions: Sequence[FormQuestion],
        form: SubmittedForm | None = None,
        *,
        problems: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        fieldsets = [to_fieldset(question, form, (problems or {}).get(question.step, "")) for question in questions]
        shown_steps = {fieldset.question.step for fieldset in fieldsets}
        hides_notes = problems or view.current not in shown_steps | {view.review}
        shown = {
            "view": view,
            "fieldsets": fieldsets,
            "problems": [fieldset for fieldset in fieldsets if fieldset.problem],
            "challenge": self._site.challenge("upload") if self._site.free_uploads.is_empty else None,
            "notes": [] if hides_notes else paragraphs(view.prompt.parts[:-1]),
            **values,
        }
        status = 422 if problems else 200
        return self._site.page(request, template, self._site.language(request, view), status, **shown)


def review_values(
    site: FormSite, view: FormView, problem: ProofProblem | None = None, language: str = ""
) -> dict[str, Any]:
    """Return the values for the review's template."""
    challenge, text = site.challenge("tip", problem), site.proof_text(problem, language)
    answered = [(position, one) for position, one in enumerate(questions_so_far(view), 1) if one.answered]
    return {"answered": answered, "token": send_token(view), "challenge": challenge, "problem": text}


def _current_url(view: FormView) -> str:
    if view.current in BEFORE_SENDING:
        return "/before-sending"
    if view.review and view.current == view.review:
        return "/review"
    return f"/form/{position_of(view, view.current) or 1}"


def _named(view: FormView, form: SubmittedForm) -> Sequence[FormQuestion]:
    return [question for question in view.questions if question.step == form.value("question")]


def _all(view: FormView, _form: SubmittedForm) -> Sequence[FormQuestion]:
    """Select all questions except details, files, and conditional questions that follow a detail or a file."""
    found: list[FormQuestion] = []
    skipped_any = False
    for question in view.questions:
        skipped = question.detail or question.wants == "media"
        skipped_any = skipped_any or skipped
        if not skipped and (question.asked or not (skipped_any and question.conditional)):
            found.append(question)
    return found


def _back(position: int) -> str:
    return f"/form/{position - 1}" if position > 1 else "/"


def _details(view: FormView) -> Sequence[FormQuestion]:
    return [question for question in view.questions if question.detail and question.asked]


def send_token(view: FormView) -> str:
    """Return the token that submits exactly what the page shows."""
    choices = (choice.token for choice in view.prompt.choices)
    return next((token for token in choices if token.split(":")[1] == "send"), "")
