"""The roster on the web: who may read, and who signed for it.

Here officers propose changes, and other officers sign them.
"""

from collections.abc import Mapping
from typing import get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError
from satark.casework import (
    ROLES,
    Closed,
    DeskAdded,
    DestinationSet,
    Entry,
    KeyChange,
    KeyGiven,
    OfficerSet,
    OwnKey,
    Proposal,
    Right,
    Role,
    RosterState,
    fingerprint,
    known,
)
from satark_desk.officers import NewOfficer, add_officer, remove_officer, set_role
from satark_desk.passphrases import new_passphrase
from satark_desk.roster_changes import Submitted, approve, reject
from satark_desk.roster_memory import agree, lost_heads, recall, unseen_entries
from satark_desk.web.page_requests import ROSTER_COOKIE, Pages, redirect_to
from satark_desk.web.page_text import PageText
from satark_desk.web.session_store import OfficerSession

ACTIONS = ("add", "role", "remove", "approve", "reject", "agree")
_NEWEST = 50
"""Entries that the page lists, at most: the newest."""
_MAX_INPUT = 40


class ShownEntry(msgspec.Struct, frozen=True):
    """An entry or a proposal, prepared for the page."""

    position: int
    """The entry's position; 0 for a proposal."""
    id: str
    says: str
    lines: list[str] = []
    """Level, area and officers of a new desk."""
    fingerprint: str = ""
    """The fingerprint of the keys that it lists; empty: it lists none."""
    title: str = ""
    """A new desk's title, in its author's words; empty: it adds no desk."""
    signed: str = ""
    needs: str = ""
    mine: bool = False
    """Whether this officer has signed it."""
    new: bool = False
    """Whether this officer has not seen it."""


class RosterPages(Pages):
    """The page of the roster, and the forms on it."""

    def act(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Handle a form: ask for confirmation, then propose, sign or withdraw a change."""
        action = request.path_params["action"]
        if action not in ACTIONS or session.unlocked.role == "auditor":
            return redirect_to(request, "roster")
        if "confirmed" not in form:
            return self._confirm(request, session, action, form)
        if not session.is_first_submission(form.get("once", "")):
            return redirect_to(request, "roster")
        try:
            return self._perform(request, session, action, form)
        except CaseworkError as error:
            return self.show(request, session, 422, refused=error)

    def _perform(self, request: Request, session: OfficerSession, action: str, form: Mapping[str, str]) -> Response:
        services, by = self._web.context, session.unlocked
        name, id_ = form.get("name", "").strip()[:_MAX_INPUT], form.get("id", "")[:_MAX_INPUT]
        if action == "add":
            passphrase = new_passphrase()
            new = NewOfficer(name=name, passphrase=passphrase, role=_role(form), rights=_rights(form), temporary=True)
            submitted = add_officer(services, by, new)
            return self.show(request, session, submitted=submitted, passphrase=passphrase)
        if action in {"reject", "agree"}:
            if action == "agree":
                agree(services, by, form.get("lost", "").split())
                session.roster_lost = False
            else:
                reject(services, by, id_)
            return redirect_to(request, "roster")
        if action == "remove":
            submitted = remove_officer(services, by, name)
        elif action == "role":
            submitted = set_role(services, by, name, _role(form), _rights(form))
        else:
            submitted = approve(services, by, id_, form.get("code", "")[:_MAX_INPUT])
        return self.show(request, session, submitted=submitted)

    def _confirm(self, request: Request, session: OfficerSession, action: str, form: Mapping[str, str]) -> Response:
        shown, says, asks_code = None, "", ""
        if action in {"approve", "reject"}:
            id_ = form.get("id", "")[:_MAX_INPUT]
            try:
                entry = self._web.context.read(lambda c: Proposal.find(c, id_)).entry
            except CaseworkError as error:
                if action == "approve":
                    return self.show(request, session, 422, refused=error)
                says = id_  # its row is gone, and may come back
            else:
                shown = describe(self._web.text(request), entry)
                asks_code = _asks_code(entry) if action == "approve" else ""
        fields = {key: form[key][:_MAX_INPUT] for key in ("name", "role", "listen", "release", "id") if key in form}
        if action == "agree":
            says = fields["lost"] = " ".join(sorted(lost_heads(self._web.context, session.unlocked)))
        return self._web.show(
            request,
            "roster_confirm.html",
            session=session,
            action=action,
            fields=fields,
            entry=shown or ShownEntry(0, "", says),
            asks_code=asks_code,
        )

    def show(
        self,
        request: Request,
        session: OfficerSession,
        status: int = 200,
        *,
        refused: CaseworkError | None = None,
        submitted: Submitted | None = None,
        passphrase: str = "",
    ) -> Response:
        """Show the readers, the changes and the proposals that need signatures. All of it counts as seen."""
        services, by, t = self._web.context, session.unlocked, self._web.text(request)
        checked = services.read_keys(services.roster.check)
        listed = [one for at, one in enumerate(checked.chain.entries, 1) if at not in checked.state.unlisted]
        shown = len(listed) - unseen_entries(services, by, checked.state)
        entries = [
            msgspec.structs.replace(describe(t, entry), position=number, new=number > shown)
            for number, entry in enumerate(listed, 1)
            if entry is not None
        ]
        recalled = recall(services, by, request.cookies.get(ROSTER_COOKIE, ""), shown=checked.state.head)
        response = self._web.show(
            request,
            "roster.html",
            status,
            session=session,
            state=checked.state,
            entries=entries[::-1][:_NEWEST],
            proposals=self._proposals(checked.state, session, t),
            roles=ROLES,
            refused=refused,
            submitted=submitted,
            passphrase=passphrase,
            roster_news=0,
        )
        if recalled.noted:
            self._web.remember(request, response, ROSTER_COOKIE, recalled.noted)
        return response

    def _proposals(self, state: RosterState, session: OfficerSession, t: PageText) -> list[ShownEntry]:
        own = session.desk, session.officer
        shown = []
        for one in self._web.context.read(Proposal.all):
            signed = _signers(one.entry) or t("roster.signed.nobody_yet")
            needs, mine = _needs(t, state, one), own in one.entry.signers
            described = describe(t, one.entry)
            shown.append(msgspec.structs.replace(described, id=one.id, signed=signed, needs=needs, mine=mine))
        return shown


def describe(t: PageText, entry: Entry) -> ShownEntry:
    """Describe an entry of the roster in the page's language, and who signed it."""
    signed = _signers(entry) or t("roster.signed.nobody")
    shown = ShownEntry(0, "", _says(t, entry), fingerprint=fingerprint(entry.body), signed=signed)
    if not isinstance(entry.body, DeskAdded):
        return shown
    desk, officers = entry.body.desk, ", ".join(one.name for one in entry.body.officers)
    lines = [
        t("roster.level", level=t(f"level.{desk.level}")),
        t("roster.area", area=t.area(desk.area)),
        t("roster.officers", officers=officers or t("roster.elsewhere")),
    ]
    return msgspec.structs.replace(shown, lines=lines, title=desk.title)


def _says(t: PageText, entry: Entry) -> str:
    match entry.body:
        case DeskAdded(desk=desk):
            return t("roster.says.desk", name=desk.name)
        case KeyChange(desk=name, removed=removed, auditor=True):
            role, rights = t("role.auditor"), t("right.none")
            return t("roster.says.officer", desk=name, officer=removed, role=role, rights=rights)
        case KeyChange(desk=name, removed=removed):
            return t("roster.says.removed" if removed else "roster.says.key", desk=name, officer=removed)
        case OfficerSet(desk=name, officer=officer):
            rights = ", ".join(t(f"right.{right}") for right in officer.rights) or t("right.none")
            role = t(f"role.{officer.role}")
            return t("roster.says.officer", desk=name, officer=officer.name, role=role, rights=rights)
        case KeyGiven(desk=name, officer=officer) | OwnKey(desk=name, officer=officer):
            return t("roster.says.new_key", desk=name, officer=officer.name, by=entry.by[1] or "–")
        case DestinationSet(to=to, desk=name, recipient=recipient):
            what = "roster.says.destination" if recipient else "roster.says.no_destination"
            return t(what if name else f"{what}.all", to=to, desk=name)
        case Closed():
            return t("roster.says.sealed")
        case _:
            return ""  # no page lists it


def _asks_code(entry: Entry) -> str:
    """Return the text that says whose code a signer types; empty: none."""
    match entry.body:
        case KeyGiven():
            return "recoveries.hint"
        case DeskAdded():
            return "roster.confirm.desk.hint"
        case _:
            return ""


def _signers(entry: Entry) -> str:
    return ", ".join(f"{one.officer or '–'} ({one.desk})" for one in entry.signatures)


def _needs(t: PageText, state: RosterState, proposal: Proposal) -> str:
    left = proposal.still_needed(state)
    if left is None:
        return t("roster.needs.stale")
    if left.heads:
        return t("roster.needs.heads", desks=", ".join(left.heads))
    if left.seconds:
        return t("roster.needs.second", officers=", ".join(f"{name or '–'} ({desk})" for desk, name in left.seconds))
    return t("roster.needs.sign_in")


def _role(form: Mapping[str, str]) -> Role:
    return known(form.get("role", ""), ROLES) or "officer"


def _rights(form: Mapping[str, str]) -> tuple[Right, ...]:
    return tuple(right for right in get_args(Right) if right in form)
