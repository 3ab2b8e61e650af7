"""The mailbox: the receipt's code opens it, and it is shown in the answer to that, and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.channel import Event, FormPage, Outcome, Tap, Text
from satark.choice_tokens import command_token
from satark.codes import find_receipt_code
from satark.flow import MAILBOX
from satark_web_form.forms import Sent
from satark_web_form.site import Site, go
from satark_web_form.visitors import Visitor, new_visitor

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark.prompt import Prompt


class MailboxPages:
    """What stands at `/status`. Its conversation is another than the form's: neither knows of the other."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def enter(self, request: Request) -> Response:
        """Ask for the code; or, with a mailbox open, for what is to be added."""
        visitor = self._site.mailbox_cookie.read(request)
        sheet = await self._site.look(visitor)
        language = self._site.language(request, sheet)
        if sheet is None or not sheet.mailbox:
            return self._ask_again(request, language, "", "", 200)
        return self._box(request, language, sheet.prompt)

    async def open(self, request: Request) -> Response:
        """Open a mailbox by its code. A wrong code and an unknown one get the same answer."""
        sent = await self._site.read(request)
        language = self._site.language(request)
        language = sent.one("language") if sent.one("language") in {"hi", "en"} else language
        code = find_receipt_code(sent.one("code"))
        if code is None:
            return self._ask_again(request, language, sent.one("code"), self._site.words(language)("status.none"))
        if shut := await self._site.admits(sent, "mailbox"):
            return self._ask_again(request, language, sent.one("code"), self._site.words(language)(shut))
        visitor = self._site.mailbox_cookie.read(request)
        if visitor is None or await self._site.look(visitor) is None:
            visitor = new_visitor()
            await self._site.take(visitor, Tap(f"@language:{language}:0"))
        outcome = await self._site.take(visitor, Text(f"status {code}"))
        response = await self._opened(request, language, sent, visitor, outcome)
        self._site.mailbox_cookie.give(request, response, visitor)
        return response

    async def message(self, request: Request) -> Response:
        """Pass on an answer, a file, or whether it has helped."""
        visitor = self._site.mailbox_cookie.read(request)
        sent = await self._site.read(request, visitor or new_visitor())
        sheet, certain = await self._site.seen(visitor)
        language = self._site.language(request, sheet, sent)
        if visitor is None or (certain and (sheet is None or not sheet.mailbox)):
            return self._ask_again(request, language, "", self._site.words(language)("status.over"), 409)
        events = _events(sent)
        if not events and sheet is not None:
            return self._box(request, language, sheet.prompt, self._site.words(language)("status.blank"))
        outcome = Outcome()
        for number, event in enumerate(events):
            outcome = await self._site.take(visitor, event, f"{sent.one('page')}-{number}")
        if outcome.state != "accepted":
            return self._site.tell(request, f"{outcome.state}.message", 503, language, onward="/status")
        return go("/status?sent")

    async def close(self, request: Request) -> Response:
        """Close the mailbox."""
        return await self._end(request, "status.closed", "leave")

    async def forget(self, request: Request) -> Response:
        """Close it, and forget every way to reach the tipster."""
        return await self._end(request, "status.forgotten", "forget")

    async def _end(self, request: Request, what: str, command: str) -> Response:
        await self._site.read(request)
        visitor = self._site.mailbox_cookie.read(request)
        sheet, certain = await self._site.seen(visitor)
        if visitor is not None and (sheet is not None or not certain):
            await self._site.take(visitor, Tap(command_token(command)))
        response = self._site.tell(request, what, 200, self._site.language(request, sheet), onward="/status")
        self._site.mailbox_cookie.take(request, response)
        response.headers["clear-site-data"] = '"cache"'
        return response

    async def _opened(
        self, request: Request, language: str, sent: Sent, visitor: Visitor, outcome: Outcome
    ) -> Response:
        if outcome.state != "accepted":
            return self._ask_again(request, language, sent.one("code"), self._site.words(language)("down.text"), 503)
        prompt = outcome.prompts[-1]
        if prompt.wants == "code" or not prompt.must_arrive:
            return self._ask_again(request, language, sent.one("code"), prompt.parts[0])
        return self._box(request, language, prompt)

    def _ask_again(self, request: Request, language: str, code: str, problem: str, status: int = 422) -> Response:
        offer = self._site.gate.offer("mailbox")
        return self._site.show(request, "status.html", language, status, code=code, problem=problem, gate=offer)

    def _box(self, request: Request, language: str, prompt: Prompt, problem: str = "") -> Response:
        return self._site.show(
            request,
            "mailbox.html",
            language,
            422 if problem else 200,
            parts=prompt.parts,
            choices=[choice for choice in prompt.choices if not choice.token.startswith("@mailbox:answer:")],
            feedback=prompt.choices[0].token.startswith("@feedback") if prompt.choices else False,
            was_sent="sent" in request.query_params,
            problem=problem,
        )


def _events(sent: Sent) -> list[Event]:
    events: list[Event] = [media for _, media in sent.files]
    if sent.one("message").strip():
        message = Text(sent.one("message").replace("\r\n", "\n"))
        events.append(FormPage(((MAILBOX, message),)))
    if sent.one("token"):
        events.append(Tap(sent.one("token")))
    return events
