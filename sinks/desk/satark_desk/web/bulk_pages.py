"""One act on several tips: an officer chooses the tips in one form and confirms the act.

The next page tells for which tips it was done.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from satark.casework import BULK_KINDS, MOST_TIPS, BulkAct, BulkOutcome, NoSuchTip
from satark_desk.act_forms import parse_number
from satark_desk.web.form_drafts import Owner
from satark_desk.web.page_requests import DeskWeb, redirect_to
from satark_desk.web.session_store import OfficerSession
from satark_desk.web.tip_page import TipPage

_TIP: Final = "tip-"
"""Beginning of the name of each tip's box. The tip's number follows."""
_FIELDS: Final = ("kind", "into", "officer", "priority", "text")


class BulkPages:
    """The form, its confirmation and its result. Each has its own address, like the pages of an act on one tip."""

    def __init__(self, web: DeskWeb, tip_page: TipPage) -> None:
        self._web = web
        self._tip_page = tip_page

    def submit(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Handle a form: perform a confirmed act, or keep the form as a draft and show the draft."""
        fields = {name: value for name, value in form.items() if name in _FIELDS or name.startswith(_TIP)}
        if "confirmed" not in form:
            return self._to_draft(request, session, "bulk", fields)
        act, once = _act_of(fields), form.get("once", "")
        if act is None or not session.is_first_submission(once):
            return redirect_to(request, "")
        shown = {number: parse_number(fields[_TIP + number]) for number in _numbers(fields)}
        seen = {number: seq for number, seq in shown.items() if seq is not None}
        outcomes = self._perform(session, _numbers(fields), act, seen)
        self._web.drafts.drop(once)
        return self._to_draft(request, session, "bulk/done", {one.number: one.problem for one in outcomes})

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show what the act would do to each tip, for confirmation."""
        draft = self._web.drafts.find(session.unlocked, request.query_params.get("draft", ""))
        if draft is None or draft.path != "bulk":
            return redirect_to(request, "")
        act, numbers = _act_of(draft.fields), _numbers(draft.fields)
        outcomes = act.check_all(self._tip_page.acts(session), session.casework, numbers) if act else []
        return self._web.show(
            request,
            "bulk.html",
            session=session,
            act=act,
            outcomes=outcomes,
            allowed=[one for one in outcomes if not one.problem],
            fields=draft.fields,
            draft=request.query_params["draft"],
            most=MOST_TIPS,
        )

    def done(self, request: Request, session: OfficerSession) -> Response:
        """Show for which tips the act was done, for which it was not, and why."""
        draft = self._web.drafts.find(session.unlocked, request.query_params.get("draft", ""))
        if draft is None or draft.path != "bulk/done":
            return redirect_to(request, "")
        refused = {number: problem for number, problem in draft.fields.items() if problem}
        done = [number for number, problem in draft.fields.items() if not problem]
        return self._web.show(request, "bulk_done.html", session=session, done=done, refused=refused)

    def _perform(
        self, session: OfficerSession, numbers: list[str], act: BulkAct, seen: Mapping[str, int]
    ) -> list[BulkOutcome]:
        """Perform the act. Tips that the officer had read before stay read."""
        read = [number for number in numbers if session.queue.has_read(number)]
        outcomes = act.perform_all(self._tip_page.acts(session), session.casework, numbers, seen)
        for number in read:
            with suppress(NoSuchTip):
                session.queue.note_seen(session.casework.open(number))
        return outcomes

    def _to_draft(self, request: Request, session: OfficerSession, path: str, fields: Mapping[str, str]) -> Response:
        draft = self._web.drafts.put(Owner.of(session.unlocked), path, fields)
        return redirect_to(request, f"{path}?draft={draft}")


def _numbers(fields: Mapping[str, str]) -> list[str]:
    return [name.removeprefix(_TIP) for name in fields if name.startswith(_TIP)]


def _act_of(fields: Mapping[str, str]) -> BulkAct | None:
    """Return the act that a form asks for, if it names one and tips. Merging without a target uses the first."""
    kind = next((kind for kind in BULK_KINDS if kind == fields.get("kind")), None)
    numbers = _numbers(fields)
    if kind is None or not numbers:
        return None
    value = {name: fields.get(name, "").strip() for name in _FIELDS}
    to = (value["into"] or numbers[0]) if kind == "merge" else value["officer"]
    return BulkAct(kind=kind, to=to, priority=value["priority"], text=value["text"])
