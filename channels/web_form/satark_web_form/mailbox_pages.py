"""The mailbox. A receipt's code opens it; the response to the code shows the messages, once."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from satark.api import MAILBOX, RECEIPT_DIGITS, Event, FormPage, Outcome, Prompt, Tap, Text, command_token
from satark_web_form.form_reader import SubmittedForm
from satark_web_form.site import FormSite, ProofProblem, redirect
from satark_web_form.visitor_cookie import Visitor, new_visitor
from satark_words.tokens import find_code


class MailboxPages:
    """Serves `/status`. Its conversation and cookie are separate from those of the form."""

    def __init__(self, site: FormSite) -> None:
        self._site = site

    async def enter_code(self, request: Request) -> Response:
        """Ask for the code or, if a mailbox is open, show the mailbox."""
        visitor = self._site.mailbox_cookie.read(request)
        view = await self._site.draft_of(visitor)
        language = self._site.language(request, view)
        if view is None or not view.mailbox:
            return self._code_page(request, language, SubmittedForm(fields={}), "", 200)
        return self._mailbox_page(request, language, view.prompt, ())

    async def open(self, request: Request) -> Response:
        """Open a mailbox by its code, and deliver a message that the form has kept for it.

        A wrong code and an unknown one get the same response.
        """
        form = await self._site.read(request)
        chosen = form.value("language")
        language = chosen if chosen in self._site.languages else self._site.language(request)
        texts = self._site.texts(language)
        code = find_code(form.value("code"), RECEIPT_DIGITS)
        if code is None:
            return self._code_page(request, language, form, texts("status.none"))
        if problem := await self._site.check_proof(form, "mailbox"):
            return self._code_page(request, language, form, self._site.proof_text(problem, language), proof=problem)
        visitor = self._site.mailbox_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if not database_up:
            return self._code_page(request, language, form, texts("down.text"), 503)
        if visitor is None or view is None:
            visitor = new_visitor()
            await self._site.ingest(visitor, Tap(f"@language:{language}:0"))
        outcome = await self._site.ingest(visitor, Text(f"status {code}"))
        response = await self._opened(request, language, form, outcome, visitor)
        self._site.mailbox_cookie.set(request, response, visitor)
        return response

    async def message(self, request: Request) -> Response:
        """Accept a message, a file or feedback from the tipster. If it can't be delivered, it stays on the page."""
        visitor = self._site.mailbox_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        known = visitor is not None and (view is not None or not database_up)
        form = await self._site.read(request, visitor or new_visitor(), accepts_files=known)
        language = self._site.language(request, view, form)
        texts = self._site.texts(language)
        if visitor is None or (database_up and (view is None or not view.mailbox)):
            return self._code_page(request, language, form, texts("status.over"), 409)
        events = _events(form)
        problem = " ".join(texts(key) for _, key in form.problems) or ("" if events else texts("status.blank"))
        outcome = Outcome()
        for event, marks in events:
            outcome = await self._site.ingest(visitor, event, form.value("page"), marks)
        if outcome.state == "refused":
            return self._code_page(request, language, form, texts("refused.message.text"), 503)
        if outcome.state != "accepted":
            return self._site.message_page(request, "spooled.message", 503, language, next_url="/status")
        if problem and (view := await self._site.draft_of(visitor)):
            shown = form.fields.get("shown", ())
            return self._mailbox_page(request, language, view.prompt, shown, problem, was_sent=bool(events))
        return redirect("/status?sent")

    async def close(self, request: Request) -> Response:
        await self._site.read(request)
        visitor = self._site.mailbox_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        if visitor is not None and (view is not None or not database_up):
            await self._site.ingest(visitor, Tap(command_token("leave")))
        return self._closed(request, "status.closed", self._site.language(request, view))

    async def forget(self, request: Request) -> Response:
        """Close the mailbox, and erase every address of the tipster; say whether that was done."""
        form = await self._site.read(request)
        visitor = self._site.mailbox_cookie.read(request)
        view, database_up = await self._site.look_up(visitor)
        language = self._site.language(request, view, form)
        if visitor is None or (database_up and (view is None or not view.mailbox)):
            text = self._site.texts(language)("status.forget.over")
            return self._code_page(request, language, SubmittedForm(fields={}), text, 409)
        unerased = await self._site.forget(request, visitor, language, "spooled.forgotten", "/status")
        return unerased or self._closed(request, "status.forgotten", language)

    def _closed(self, request: Request, message: str, language: str) -> Response:
        response = self._site.message_page(request, message, 200, language, next_url="/status")
        self._site.mailbox_cookie.clear(request, response)
        response.headers["clear-site-data"] = '"cache"'
        return response

    async def _opened(
        self, request: Request, language: str, form: SubmittedForm, outcome: Outcome, visitor: Visitor
    ) -> Response:
        texts = self._site.texts(language)
        if outcome.state != "accepted":
            return self._code_page(request, language, form, texts("down.text"), 503)
        prompt = outcome.prompts[-1]
        if prompt.wants == "code" or not prompt.must_arrive:
            return self._code_page(request, language, form, prompt.parts[0])
        if not form.value("message").strip():
            return self._mailbox_page(request, language, prompt, prompt.parts[:-1])
        for event, marks in _events(form):
            outcome = await self._site.ingest(visitor, event, form.value("page"), marks)
        if outcome.state == "refused":
            return self._code_page(request, language, form, texts("refused.message.text"), 503)
        view = await self._site.draft_of(visitor)
        now = view.prompt if view else prompt
        return self._mailbox_page(request, language, now, prompt.parts[:-1], was_sent=True)

    def _code_page(
        self,
        request: Request,
        language: str,
        form: SubmittedForm,
        problem: str,
        status: int = 422,
        *,
        proof: ProofProblem | None = None,
    ) -> Response:
        """Ask for the code. The page keeps the typed text, even one for a mailbox whose session has ended."""
        values = {name: form.value(name) for name in ("code", "message", "page")}
        challenge = self._site.challenge("mailbox", proof)
        return self._site.page(request, "status.html", language, status, problem=problem, challenge=challenge, **values)

    def _mailbox_page(
        self,
        request: Request,
        language: str,
        prompt: Prompt,
        shown: Sequence[str],
        problem: str = "",
        *,
        was_sent: bool = False,
    ) -> Response:
        """Show the opened messages (`shown`), the question and, above both, the session's numbers to call."""
        return self._site.page(
            request,
            "mailbox.html",
            language,
            422 if problem else 200,
            numbers=[part for part in prompt.parts[:-1] if part not in shown],
            shown=shown,
            question=prompt.parts[-1],
            choices=[choice for choice in prompt.choices if not choice.token.startswith("@mailbox:answer:")],
            feedback=prompt.choices[0].token.startswith("@feedback") if prompt.choices else False,
            challenge=self._site.challenge("upload") if self._site.free_uploads.is_empty else None,
            was_sent=was_sent or "sent" in request.query_params,
            problem=problem,
        )


def _events(form: SubmittedForm) -> list[tuple[Event, Sequence[str]]]:
    """Return the events of a form, each file with its mark."""
    files = zip(form.files, form.marks, strict=True)
    events: list[tuple[Event, Sequence[str]]] = [(media, (mark,)) for (_, media), mark in files]
    if form.value("message").strip():
        message = Text(form.value("message").replace("\r\n", "\n"))
        events.append((FormPage(((MAILBOX, message),)), ()))
    if form.value("token"):
        events.append((Tap(form.value("token")), ()))
    return events
