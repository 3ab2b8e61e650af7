"""Drafts of forms: what an officer typed, has not confirmed yet, or sent after their session had ended.

The drafts are sealed to the desk's key: only an officer who has unlocked the desk can read them. They outlast the
session, and a restart.
"""

import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, delete, select

from satark.api import CantOpen, Desk, Redacted, open_as, seal
from satark.casework import Services, UnitOfWork
from satark_desk.act_forms import FIELDS, act_name
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import form_draft

KEPT_SECONDS: Final = 36 * 3600
"""Seconds for which a draft is kept."""
MAX_DRAFTS: Final = 40
"""Most drafts of one officer. A further draft replaces the oldest."""
_PADDED: Final = 2048
_TYPED: Final = ("text", "reason", "rewording")
Owner: TypeAlias = tuple[Desk, str]
"""The desk and the officer that a form belongs to."""


class FormDraft(Redacted, frozen=True, kw_only=True):
    """A form with the page that it was sent to, or is to be sent to."""

    path: str
    """The page's address below that of the desk, with its query."""
    fields: dict[str, str]


class FormDrafts:
    """The drafts, by an id, and the sessions whose officers may leave some. Call a method from any thread."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.time) -> None:
        self._services = services
        self._clock = clock

    def put(self, owner: Owner, path: str, fields: Mapping[str, str], id_: str = "") -> str:
        """Keep a form, in place of the one with this id if it is given; return the draft's id."""
        sealed = seal(FormDraft(path=path, fields=dict(fields)), owner[0].recipient, padded=_PADDED)
        id_ = id_ or secrets.token_urlsafe(12)
        self._services.write_now(lambda unit: self._add(unit, owner, id_, sealed))
        return id_

    def keep_typed(self, owner: Owner, form: Mapping[str, str]) -> None:
        """Keep what an officer is typing into the form of an act, whose address is in the field `path`."""
        path = "tips/" + form.get("path", "").partition("/tips/")[2]
        _, _, action = path.removeprefix("tips/").partition("/")
        id_, is_act = typed_id(owner, path), act_name(action) is not None
        if is_act and any(form.get(name, "").strip() for name in _TYPED):
            self.put(owner, path, {name: form[name] for name in FIELDS if name in form}, id_)
        else:
            self.drop(id_)

    def find(self, unlocked: UnlockedDesk, id_: str) -> FormDraft | None:
        """Return a draft of this officer; None if no draft has this id, or it has expired."""
        return self._of(unlocked).get(id_)

    def typed(self, unlocked: UnlockedDesk) -> dict[str, str]:
        """Return the forms that an officer began to fill in and did not send: path → the draft's id."""
        return {
            one.path: id_
            for id_, one in self._of(unlocked).items()
            if id_ == typed_id((unlocked.desk, unlocked.officer), one.path)
        }

    def _of(self, unlocked: UnlockedDesk) -> dict[str, FormDraft]:
        mine = (form_draft.c.desk == unlocked.desk.name) & (form_draft.c.officer == unlocked.officer)
        query = select(form_draft.c.id, form_draft.c.sealed).where(mine, form_draft.c.sealed != b"", self._is_kept())
        found = {}
        for id_, sealed in self._services.read(lambda c: c.execute(query).all()):
            with contextlib.suppress(CantOpen):  # the desk's key was changed meanwhile
                found[id_] = open_as(FormDraft, sealed, unlocked.identity)
        return found

    def drop(self, *ids: str) -> None:
        """Forget drafts."""
        self._services.write_now(lambda unit: unit.main.execute(delete(form_draft).where(form_draft.c.id.in_(ids))))

    def mark_session(self, token: str, unlocked: UnlockedDesk) -> None:
        """Remember whose session a token names, so that a form which comes after the session's end is kept."""
        if unlocked.identity:  # an auditor writes nothing
            owner, id_ = (unlocked.desk, unlocked.officer), _session_id(token, unlocked.desk.name, unlocked.officer)
            self._services.write_now(lambda unit: self._add(unit, owner, id_, b""))

    def owner_of(self, token: str) -> Owner | None:
        """Return the owner of the session that a token names, or named; None if it is not known.

        The token proves whose it was, and the roster tells the desk's key: whoever writes rows chooses neither.
        """
        query = select(form_draft).where(form_draft.c.id.startswith(_session_id(token)), self._is_kept())
        desks = self._services.read_keys(self._services.roster.check).state.desks
        for row in self._services.read(lambda c: c.execute(query).all()):
            if row.id == _session_id(token, row.desk, row.officer) and row.desk in desks:
                return desks[row.desk].desk, row.officer
        return None

    def _is_kept(self) -> ColumnElement[bool]:
        return form_draft.c.at >= int(self._clock()) - KEPT_SECONDS

    def _add(self, unit: UnitOfWork, owner: Owner, id_: str, sealed: bytes) -> None:
        desk, officer = owner[0].name, owner[1]
        mine = (form_draft.c.desk == desk) & (form_draft.c.officer == officer)
        row = {"id": id_, "desk": desk, "officer": officer, "sealed": sealed, "at": int(self._clock())}
        unit.main.execute(delete(form_draft).where((form_draft.c.id == id_) | ~self._is_kept()))
        drafts = select(form_draft.c.id).where(mine, form_draft.c.sealed != b"").order_by(form_draft.c.at.desc())
        surplus = unit.main.execute(drafts.offset(MAX_DRAFTS - 1)).scalars().all() if sealed else []
        unit.main.execute(delete(form_draft).where(form_draft.c.id.in_(surplus)))
        unit.insert(form_draft, [row])


def typed_id(owner: Owner, path: str) -> str:
    """Return the id of the draft that keeps what an officer types into the form of a page."""
    return hashlib.sha256("\0".join((owner[0].name, owner[1], path)).encode()).hexdigest()[:16]


def _session_id(token: str, *owner: str) -> str:
    """Return the id of a session's row: half of it finds the row, the other half is a MAC of whose session it is."""
    found = hashlib.sha256(b"satark/1/session\0" + token.encode()).hexdigest()[:32]
    return found + (hmac.digest(token.encode(), "\0".join(owner).encode(), "sha256").hex()[:32] if owner else "")
