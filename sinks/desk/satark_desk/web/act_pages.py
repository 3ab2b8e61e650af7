"""Acts on a tip: the desk keeps a form as a draft, shows it for confirmation at its own address, and performs it once.

GET opens the address of each page. So an officer can change the language or go back in the browser, and the officer's
text is still there.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark.api import NoSuchDesk
from satark.casework import MAX_TEXT, ActName, ActRefused, DeskAct, NoSuchTip, OpenTip, SenderHints, marked
from satark_desk.act_forms import FIELDS, GIVEN, act_name, act_of
from satark_desk.queue_rows import Filter
from satark_desk.roster_memory import recall
from satark_desk.web.form_drafts import TYPED, FormDraft, Owner, typed_id
from satark_desk.web.page_requests import KEPT_FORMS, DeskWeb, redirect_to
from satark_desk.web.session_store import OfficerSession
from satark_desk.web.tip_page import TipPage


class ActPages:
    """The forms of acts on a tip, and their confirmation."""

    def __init__(self, web: DeskWeb, tip_page: TipPage) -> None:
        self._web = web
        self._tip_page = tip_page

    def submit(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Handle a form: perform a confirmed act, or keep the form as a draft and show the draft."""
        try:
            return self._submit(request, session, form)
        except NoSuchTip:
            return self._without_tip(request, session, form)

    def _submit(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        name, once = _action(request), form.get("once", "")
        # A double click, or the answer was lost on the way: the tip has changed since, or this officer has it no more.
        is_repeated = "confirmed" in form and session.has_submitted(once)
        if is_repeated and name == "recuse":
            return redirect_to(request, "?done=recuse")
        tip = session.casework.open(request.path_params["number"])
        if is_repeated:
            return self._to_tip(request, tip, done=self._done(session, tip, name, form))
        if "confirmed" not in form:
            return self._to_draft(request, session, tip, form, edit="edit" in form)
        problem = self._problem(session, tip, name, form)
        if problem:
            return self._to_draft(request, session, tip, form, edit=True)
        if session.is_first_submission(once):
            act = act_of(name, form, self._web.settings.utc_offset_hours)
            try:
                self._tip_page.acts(session).perform(tip, act)
            except (ActRefused, NoSuchDesk):  # somebody else acted in the moment since the check
                return self._to_draft(request, session, session.casework.open(tip.tip.number), form, edit=True)
            if name == "withdraw":  # it changed the roster: sign that at once, so that nobody takes it back unseen
                recall(self._web.context, session.unlocked)
            owner, path = Owner.of(session.unlocked), f"tips/{tip.tip.number}/{name}"
            self._web.drafts.drop(once, typed_id(owner, path))
        if name == "recuse":  # whoever recused themselves does not have the tip any more
            return redirect_to(request, "?done=recuse")
        return self._to_tip(request, tip, done=self._done(session, tip, name, form))

    def show(self, request: Request, session: OfficerSession) -> Response:
        """Show a draft: for confirmation, or as a form if the officer edits it or the rules refuse it."""
        name, id_ = _action(request), request.query_params.get("draft", "")
        draft = self._web.drafts.find(session.unlocked, id_)
        try:
            tip, live = self._tip_page.open_live(session, request.path_params["number"])
        except NoSuchTip:
            return self._without_tip(request, session, draft.fields if draft else {})
        if draft is None or draft.path != f"tips/{tip.tip.number}/{name}":
            return self._to_tip(request, tip)
        problem = self._problem(session, tip, name, draft.fields)
        if (problem and "poll" not in request.query_params) or "edit" in request.query_params:
            status = 422 if problem else 200
            return self._tip_page.show(
                request, session, tip, status, problem=problem, action=name, form_data=draft.fields, draft=id_
            )
        return self._confirm(request, session, tip, draft.fields, problem=problem, **live)

    def _without_tip(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Show what an officer wrote on a tip that they have no more, as after a direction was withdrawn.

        Raises:
            NoSuchTip: the form has no text.
        """
        if not any(form.get(name, "").strip() for name in TYPED):
            raise NoSuchTip
        draft = FormDraft(path=f"tips/{request.path_params['number']}/{_action(request)}", fields=_fields(form))
        if request.method == "POST":
            self._keep_unsent(session, draft)
        return self._web.show(request, "resume.html", 409, session=session, draft=draft, gone=True)

    def resume(self, request: Request, session: OfficerSession) -> Response:
        """Show a form that an officer sent after their session had ended, so that the officer can send it again."""
        draft = self._web.drafts.find(session.unlocked, request.path_params["draft"])
        if draft is None or draft.path.partition("/")[0] not in KEPT_FORMS:
            return redirect_to(request, "")
        return self._web.show(request, "resume.html", session=session, draft=draft, gone=False)

    def _done(self, session: OfficerSession, tip: OpenTip, name: ActName, form: Mapping[str, str]) -> str:
        """Return the name of a done act, given the tip from before: to ask for a closing is not to close."""
        asks = name == "close" and not self._tip_page.acts(session).decides(tip, form.get("outcome", ""))
        return "ask_to_close" if asks else name

    def _problem(self, session: OfficerSession, tip: OpenTip, name: ActName, form: Mapping[str, str]) -> str:
        """Return the key of the text that says why the rules refuse a form; empty if they allow it."""
        try:
            self._tip_page.acts(session).check(tip, act_of(name, form, self._web.settings.utc_offset_hours))
        except ActRefused as refused:
            return f"problem.{refused.problem}"
        return ""

    def _confirm(
        self, request: Request, session: OfficerSession, tip: OpenTip, form: Mapping[str, str], **values: Any
    ) -> Response:
        """Show an act for confirmation; to such a page that is open, what came since and why the rules now refuse."""
        acts, act = self._tip_page.acts(session), act_of(_action(request), form, self._web.settings.utc_offset_hours)
        return self._web.show(
            request,
            "since.html" if "poll" in request.query_params else "confirm.html",
            session=session,
            tip=tip,
            action=act.name,
            fields=FIELDS,
            form=form,
            act=msgspec.structs.replace(act, due=acts.due(tip, act)),
            decides=acts.decides(tip, act.outcome),
            since=[posted for posted in tip.thread if posted.seq > (act.seen or 0)],
            **self._release(request, session, tip, act),
            draft=request.query_params.get("draft", ""),
            wanted=Filter.read(request.query_params),
            **values,
        )

    def _release(self, request: Request, session: OfficerSession, tip: OpenTip, act: DeskAct) -> dict[str, Any]:
        """Return the content of a direction's confirmation: the handed-over part, and hints at the tipster."""
        geography, text = self._web.context.geography, self._web.text(request)
        takes_release = act.name == "direct" and self._tip_page.acts(session).releases.takes_release(tip, act.to)
        if act.name != "direct" or not takes_release or act.raw:
            hints = SenderHints.of_tip(tip, geography) if act.name == "direct" else None
            return {"hints": hints, "release": None, "is_raw_asked": takes_release}
        given = {text("act.direct.rewording"): act.rewording}
        given |= {text.step(step): answer for step, answer in act.answers.items()}
        few = SenderHints.of_tip(tip, geography).few_know
        hints = SenderHints.of_texts([act.text, *given.values()], geography)
        return {
            "hints": msgspec.structs.replace(hints, few_know=hints.few_know or few),
            "release": [(name, marked(said, geography)) for name, said in given.items() if said],
        }

    def hints(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Show the words of a rewording that point to the tipster, while the officer writes it."""
        session.casework.open(request.path_params["number"])
        given = [value[:MAX_TEXT] for name, value in form.items() if name == "rewording" or name in GIVEN]
        return self._web.show(
            request, "release_hints.html", hints=SenderHints.of_texts(given, self._web.context.geography)
        )

    def keep(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Store the text that an officer is typing into the form of an act, or delete it."""
        self._web.drafts.keep_typed(Owner.of(session.unlocked), form)
        return redirect_to(request, "") if "discard" in form else Response(status_code=204)

    def _to_draft(
        self, request: Request, session: OfficerSession, tip: OpenTip, form: Mapping[str, str], *, edit: bool
    ) -> Response:
        kept = FormDraft(path=f"tips/{tip.tip.number}/{_action(request)}", fields=_fields(form))
        owner = Owner.of(session.unlocked)
        draft = self._keep_unsent(session, kept) if edit else self._web.drafts.put(owner, kept.path, kept.fields)
        query = urlencode({"draft": draft} | ({"edit": "1"} if edit else {}))
        wanted = Filter.read(request.query_params).query
        # If the form is shown again, the browser scrolls to it, since the form is far below the top.
        return redirect_to(request, f"{kept.path}?{query}" + (f"&{wanted}" if wanted else "") + "#form")

    def _keep_unsent(self, session: OfficerSession, draft: FormDraft) -> str:
        """Keep a draft where the queue and the tip offer it; return its id."""
        owner = Owner.of(session.unlocked)
        return self._web.drafts.put(owner, draft.path, draft.fields, typed_id(owner, draft.path))

    def _to_tip(self, request: Request, tip: OpenTip, done: str = "") -> Response:
        wanted = Filter.read(request.query_params).query
        query = "&".join(part for part in (f"done={done}" if done else "", wanted) if part)
        return redirect_to(request, f"tips/{tip.tip.number}" + (f"?{query}" if query else ""))


def _action(request: Request) -> ActName:
    name = act_name(request.path_params["action"])
    if name is None:
        raise NoSuchTip
    return name


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    return {name: form[name] for name in FIELDS if name in form}
