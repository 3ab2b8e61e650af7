"""The page of a tip."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from satark.api import DESK_SINK, FINISHED_STATUSES, OUTCOMES, STATUSES, Desk, Redacted, Release
from satark.casework import (
    FOR_DESKS,
    MAX_REPORT,
    MAX_TEXT,
    RELEASABLE,
    DeskAct,
    DeskActs,
    DeskContext,
    MarkedText,
    NoSuchTip,
    OpenTip,
    can_speak,
    is_muted,
    marked,
    may_contain_voice,
    may_hear_voices,
)
from satark_desk.act_forms import MAX_TRANSCRIPT, write_due
from satark_desk.file_exports import INLINE
from satark_desk.file_origins import file_origins
from satark_desk.maps import place_map
from satark_desk.officers import officers_of
from satark_desk.orders import order_of
from satark_desk.original_requests import originals_of
from satark_desk.queue_rows import Filter
from satark_desk.read_state import Seen, seen_by
from satark_desk.web.page_requests import Pages
from satark_desk.web.page_text import PageText
from satark_desk.web.queue_pages import found_by, refresh
from satark_desk.web.session_store import OfficerSession
from satark_desk.wordings import Wording, wordings_of
from satark_words.geography.geography import Geography

_BY_OTHER_ACTS = frozenset({"RECEIVED", "CLOSED", "MERGED"})
"""Statuses that no officer sets directly: the receipt, the closing or the merging of a tip sets them."""

_TO_TIPSTER = frozenset({"status", "ask"})
"""Acts whose text a tipster reads."""


class TipPage(Pages):
    """The page of a tip."""

    def open(self, request: Request, session: OfficerSession) -> Response:
        """Show a tip, and record that this officer has seen it."""
        refresh(session)
        tip, live = self.open_live(session, request.path_params["number"])
        wanted = Filter.read(request.query_params)
        near = session.queue.neighbours(wanted, found_by(session, wanted), tip.id)
        if "poll" not in request.query_params:
            session.queue.note_seen(tip)
        merged = session.queue.merged_into(tip.tip.number)
        return self.show(request, session, tip, near=near, merged=merged, **live)

    def open_live(self, session: OfficerSession, number: str) -> tuple[OpenTip, dict[str, Any]]:
        """Open a tip; return it with its version and who writes on it. What comes after the version is news to a page.

        Raises:
            NoSuchTip: as `Casework.open` does, which records the refusal.
        """
        version, writers = 0, self._web.drafts.writers(session.unlocked, number)
        with suppress(NoSuchTip):
            version = session.queue.news(number, writers)["version"]
        return session.casework.open(number), {"version": version, "writers": writers}

    def show(
        self, request: Request, session: OfficerSession, tip: OpenTip, status: int = 200, **values: object
    ) -> Response:
        """Render a tip's page, with the outcome of a submitted form in `values`."""
        common: dict[str, object] = {
            "problem": "", "action": "", "form_data": {}, "near": None, "draft": "", "merged": [],
            "version": 0, "writers": (),
        }  # fmt: skip
        common |= {"transcript_form": {"ordinal": "", "text": "", "problem": "", "drafted": False}}
        found = wordings_of(self._web.context, session.unlocked)
        common |= _picked(request, found)
        common["wordings"] = sorted(found, key=lambda one: one.language != tip.tip.language)
        common["originals"] = originals_of(self._web.context, session.unlocked, tip)
        text, geography = self._web.text(request), self._web.context.geography
        common |= self._work(session, tip, text)
        common |= self._releases(session, tip, text)
        days = text.age(tip.header.received, time.time())
        open_days = self.acts(session).clocks.open_days(tip.header, self._web.settings.overdue_days)
        return self._web.show(
            request,
            "tip.html",
            status,
            session=session,
            tip=tip,
            done=request.query_params.get("done", ""),
            days=days,
            overdue=days > open_days and not tip.work.finished,
            wanted=Filter.read(request.query_params),
            desks=session.casework.directing.allowed_targets(tip),
            limits=lambda act: MAX_REPORT if act in FOR_DESKS else MAX_TEXT,
            inline=INLINE,
            may_hear=session.casework.may_hear() if tip.voices else False,
            may_contain_voice=may_contain_voice,
            is_muted=is_muted,
            can_speak=can_speak(tip.tip.language),
            can_draft=any(tip.tip.language in one.languages for one in self._web.context.transcribers),
            longest_transcript=MAX_TRANSCRIPT,
            may_hear_here=may_hear_voices(session.unlocked.desk.level),
            related=session.casework.related_tips(tip),
            place=place_map(tip, geography, text.language),
            origins=file_origins(tip, geography, text.days_of(tip.tip.received)),
            typed=self._web.drafts.typed(session.unlocked),
            **{**common, **values},
        )

    def acts(self, session: OfficerSession) -> DeskActs:
        """Return an officer's acts, with the clocks of the settings."""
        return DeskActs(self._web.context, session.casework, self._web.settings.clocks())

    def _work(self, session: OfficerSession, tip: OpenTip, text: PageText) -> dict[str, object]:
        """Return the page's values about the work, and the acts that the page offers."""
        acts, services, settings = self.acts(session), self._web.context, self._web.settings
        work, may_close = tip.work, acts.may_close(tip)
        colleagues = services.read(lambda c: officers_of(c, session.desk))
        return {
            "work": work,
            "breaches": acts.clocks.breaches(tip.header, work, time.time()),
            "act_by": acts.clocks.due(tip.header, work) if not (work.acted and work.awaits_report) else 0,
            "in_working_time": acts.clocks.working_for(tip.header.priority) is not None,
            "may_close": may_close,
            "may_decide": acts.may_decide(tip),
            "offers_close": may_close or not work.finished,
            "statuses": [
                one for one in STATUSES if one not in _BY_OTHER_ACTS and (may_close or one not in FINISHED_STATUSES)
            ],
            "outcomes": OUTCOMES,
            "outcome_name": lambda code: text(f"outcome.{code}"),
            "categories": services.questionnaire.categories,
            "officers": [one for one in colleagues if not work.is_recused(session.desk, one)],
            "recused": sorted(work.recused.get(session.desk, ())),
            "may_recuse": acts.may(tip, DeskAct(name="recuse")),
            "usual_due": write_due(acts.due(tip, DeskAct(name="direct")), settings.utc_offset_hours),
        }

    def _releases(self, session: OfficerSession, tip: OpenTip, text: PageText) -> dict[str, object]:
        """Return the page's values about parts that may be handed over, and about directions in force."""
        services, acts = self._web.context, self.acts(session)
        desks = {desk.name: desk for desk in services.desks()}
        targets = session.casework.directing.allowed_targets(tip)
        readers = tip.access.readers - {""}
        takes_release = [desk.name for desk in targets if acts.releases.takes_release(tip, desk.name)]
        return {
            "accused": acts.releases.accused_by_words(tip),
            "release_form": release_form(tip, text, services.geography) if takes_release else None,
            "holders": ", ".join(
                [*(desk.title for name, desk in desks.items() if name in readers), *sorted(readers - desks.keys())]
            ),
            "directions": given_directions(tip, services, desks, session.desk),
            "may_withdraw": [
                to for to in tip.work.directions if acts.may(tip, DeskAct(name="withdraw", to=to, text="-"))
            ],
            "may_consent": acts.may(tip, DeskAct(name="consent")),
        }


def _picked(request: Request, wordings: Sequence[Wording]) -> dict[str, Any]:
    """Return the act whose form opens with the picked wording; nothing if none was picked. Used without JavaScript."""
    act, id_ = request.query_params.get("act", ""), request.query_params.get("wording", "")
    text = next((one.text for one in wordings if one.id == id_), "")
    return {"action": act, "form_data": {"text": text}} if act in _TO_TIPSTER and text else {}


_NOT_WORDS = frozenset({"category", "evidence", "known_by", "district", "station"})
"""Steps whose answers are codes and not the tipster's words."""
_WORDS_OF_PLACE = frozenset({"text", "name", "address", "voice"})


class ReleaseForm(Redacted, frozen=True, kw_only=True):
    """The parts that the form of a direction offers to hand over."""

    own: tuple[tuple[str, tuple[MarkedText, ...]], ...]
    """Step → the tipster's own words, split into parts that point to the tipster and parts that don't."""
    fields: tuple[tuple[str, str], ...]
    """Step → its field's initial value: an answer that the tipster chose, never their words."""


class GivenDirection(Redacted, frozen=True, kw_only=True):
    """A direction in force, with the part that the directed desk has seen."""

    desk: str
    title: str
    seq: int
    """The direction's position in the thread."""
    release: Release | None
    is_office: bool
    """Whether the directed desk is in a remote office. This host does not know which parts that desk has seen."""
    seen: tuple[Seen, ...] = ()
    is_own: bool
    """Whether this desk gave the direction."""
    order: str = ""
    """The number of its written order; empty: there is none."""


def release_form(tip: OpenTip, text: PageText, geography: Geography) -> ReleaseForm:
    """Return the parts of a tip that may be handed over, including transcripts of spoken words, if there are any."""
    words = {step: _words(tip, step, text) for step in tip.tip.answers}
    own = {step: tuple(marked(said, geography)) for step, said in words.items() if said and step not in _NOT_WORDS}
    filled = [(step, _chosen(tip.tip.answers[step], step, text)) for step in RELEASABLE if words.get(step)]
    return ReleaseForm(own=tuple(own.items()), fields=tuple(filled))


def _chosen(value: Any, step: str, text: PageText) -> str:
    """Return the part of an answer that the tipster chose or pinned on a map, without their words."""
    if isinstance(value, list):
        return " · ".join(filter(None, (_chosen(one, step, text) for one in value)))
    if isinstance(value, dict):
        value = {name: part for name, part in value.items() if name not in _WORDS_OF_PLACE}
        return text.answer(step, value) if value else ""
    shown = text.answer(step, value)
    return "" if shown == value else shown


def _words(tip: OpenTip, step: str, text: PageText) -> str:
    value = tip.tip.answers[step]
    spoken = value.get("voice") if isinstance(value, dict) else None
    return tip.transcript(spoken) if spoken else text.answer(step, value)


def given_directions(
    tip: OpenTip, services: DeskContext, desks: Mapping[str, Desk], own: str
) -> Sequence[GivenDirection]:
    """Return the directions of a tip that are in force; `own` is the desk that looks at the tip."""
    found = []
    for one in tip.work.directions.values():
        desk = desks.get(one.to)
        is_office = desk is not None and desk.via != DESK_SINK
        seen = [] if is_office else services.read(partial(seen_by, desk=one.to, tip=tip))
        found.append(
            GivenDirection(
                desk=one.to,
                title=desk.title if desk else one.to,
                seq=one.seq,
                release=one.release,
                is_office=is_office,
                seen=tuple(seen),
                is_own=one.by == own,
                order=order_of(tip, one.to, one.seq),
            )
        )
    return found
