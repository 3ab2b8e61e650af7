"""Drafts of forms: text that an officer typed, has not confirmed yet, or sent after their session had ended.

The drafts are sealed to the desk's key: only an officer who has unlocked the desk can read them. Their MAC has a key
that is derived from the officer's own key, so nobody who writes rows can forge an officer's form. They outlast the
session, and a restart.
"""

import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Final, Self

from sqlalchemy import ColumnElement, delete, func, select

from satark.api import CantOpen, Desk, Redacted, open_as, seal
from satark.casework import Services, UnitOfWork
from satark_desk.act_forms import FIELDS, act_name
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import form_draft

KEPT_SECONDS: Final = 36 * 3600
"""Seconds for which a draft is kept."""
WRITING_SECONDS: Final = 20
"""Seconds for which an officer counts as writing after they typed."""
MAX_DRAFTS: Final = 40
"""Most drafts of one officer. A further draft replaces the oldest."""
_PADDED: Final = 2048
TYPED: Final = ("text", "reason", "rewording")
_NEVER_KEPT: Final = frozenset({"once", "confirmed"})
_KEY: Final = 32
_ID: Final = 64
_IS_SESSION: Final = func.length(form_draft.c.id) == _ID


class Owner(Redacted, frozen=True):
    """The desk and the officer that a form belongs to."""

    desk: Desk
    officer: str
    key: bytes
    """The key of the MACs of this officer's drafts."""

    @classmethod
    def of(cls, unlocked: UnlockedDesk) -> Self:
        """Return a signed-in officer."""
        key = hashlib.sha256(b"satark/1/form-drafts\0" + unlocked.own_identity.encode()).digest()
        return cls(unlocked.desk, unlocked.officer, key)

    def mac(self, id_: str, sealed: bytes) -> bytes:
        """Return the MAC of a draft."""
        return hmac.digest(self.key, id_.encode() + b"\0" + sealed, "sha256")


class FormDraft(Redacted, frozen=True, kw_only=True):
    """A form, with the page to which it was or will be sent."""

    path: str
    """The page's address below that of the desk, with its query."""
    fields: dict[str, str]


class FormDrafts:
    """The drafts, by an id, and the sessions whose officers may leave some. Call a method from any thread."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.time) -> None:
        self._services = services
        self._clock = clock

    def put(self, owner: Owner, path: str, fields: Mapping[str, str], id_: str = "") -> str:
        """Store a form, in place of the one with this id if given; return the draft's id."""
        kept = {name: value for name, value in fields.items() if name not in _NEVER_KEPT}
        sealed = seal(FormDraft(path=path, fields=kept), owner.desk.recipient, padded=_PADDED)
        id_ = id_ or secrets.token_urlsafe(12)
        self._services.write_now(lambda unit: self._add(unit, owner, id_, owner.mac(id_, sealed) + sealed))
        return id_

    def keep_typed(self, owner: Owner, form: Mapping[str, str]) -> None:
        """Keep what an officer is typing into the form of an act, whose address is in the field `path`."""
        path = "tips/" + form.get("path", "").partition("/tips/")[2]
        _, _, action = path.removeprefix("tips/").partition("/")
        id_, is_act = typed_id(owner, path), act_name(action) is not None
        if is_act and any(form.get(name, "").strip() for name in TYPED):
            self.put(owner, path, {name: form[name] for name in FIELDS if name in form}, id_)
        else:
            self.drop(id_)

    def find(self, unlocked: UnlockedDesk, id_: str) -> FormDraft | None:
        """Return a draft of this officer; None if no draft has this id, or it has expired."""
        return self._of(unlocked).get(id_)

    def typed(self, unlocked: UnlockedDesk) -> dict[str, str]:
        """Return the forms that an officer began to fill in and did not send: path → the draft's id."""
        return {
            one.path: id_ for id_, one in self._of(unlocked).items() if id_ == typed_id(Owner.of(unlocked), one.path)
        }

    def writers(self, unlocked: UnlockedDesk, number: str) -> tuple[str, ...]:
        """Return the other officers of the desk who are writing on a tip, or have just stopped."""
        others = (form_draft.c.desk == unlocked.desk.name) & (form_draft.c.officer != unlocked.officer)
        is_recent = form_draft.c.at >= int(self._clock()) - WRITING_SECONDS
        query = select(form_draft.c.officer, form_draft.c.sealed).where(others, ~_IS_SESSION, is_recent)
        found = set[str]()
        for officer, stored in self._services.read(lambda c: c.execute(query).all()) if number else ():
            with contextlib.suppress(CantOpen):
                if open_as(FormDraft, stored[_KEY:], unlocked.identity).path.startswith(f"tips/{number}/"):
                    found.add(officer)
        return tuple(sorted(found))

    def _of(self, unlocked: UnlockedDesk) -> dict[str, FormDraft]:
        mine = (form_draft.c.desk == unlocked.desk.name) & (form_draft.c.officer == unlocked.officer)
        query = select(form_draft.c.id, form_draft.c.sealed).where(mine, ~_IS_SESSION, self._is_kept())
        owner, found = Owner.of(unlocked), {}
        for id_, stored in self._services.read(lambda c: c.execute(query).all()):
            mac, sealed = stored[:_KEY], stored[_KEY:]
            with contextlib.suppress(CantOpen):  # the desk's key was changed meanwhile
                if hmac.compare_digest(mac, owner.mac(id_, sealed)):
                    found[id_] = open_as(FormDraft, sealed, unlocked.identity)
        return found

    def drop(self, *ids: str) -> None:
        """Forget drafts."""
        self._services.write_now(lambda unit: unit.main.execute(delete(form_draft).where(form_draft.c.id.in_(ids))))

    def mark_session(self, token: str, unlocked: UnlockedDesk) -> None:
        """Store the owner of a token's session, so that a form after the session's end is kept."""
        if unlocked.identity:  # an auditor writes nothing
            owner, id_ = Owner.of(unlocked), _session_id(token, unlocked.desk.name, unlocked.officer)
            self._services.write_now(lambda unit: self._add(unit, owner, id_, _masked(token, owner.key)))

    def owner_of(self, token: str) -> Owner | None:
        """Return the owner of a token's present or past session; None: not known.

        The token proves the owner, and the roster tells the desk's key: nobody who writes rows chooses either.
        """
        query = select(form_draft).where(form_draft.c.id.startswith(_session_id(token)), self._is_kept())
        desks = self._services.roster_state().desks
        for row in self._services.read(lambda c: c.execute(query).all()):
            if row.id == _session_id(token, row.desk, row.officer) and row.desk in desks:
                return Owner(desks[row.desk].desk, row.officer, _masked(token, row.sealed))
        return None

    def _is_kept(self) -> ColumnElement[bool]:
        return form_draft.c.at >= int(self._clock()) - KEPT_SECONDS

    def _add(self, unit: UnitOfWork, owner: Owner, id_: str, sealed: bytes) -> None:
        desk, officer, is_draft = owner.desk.name, owner.officer, len(id_) != _ID
        mine = (form_draft.c.desk == desk) & (form_draft.c.officer == officer)
        row = {"id": id_, "desk": desk, "officer": officer, "sealed": sealed, "at": int(self._clock())}
        unit.main.execute(delete(form_draft).where((form_draft.c.id == id_) | ~self._is_kept()))
        drafts = select(form_draft.c.id).where(mine, ~_IS_SESSION).order_by(form_draft.c.at.desc())
        surplus = unit.main.execute(drafts.offset(MAX_DRAFTS - 1)).scalars().all() if is_draft else []
        unit.main.execute(delete(form_draft).where(form_draft.c.id.in_(surplus)))
        unit.insert(form_draft, [row])


def typed_id(owner: Owner, path: str) -> str:
    """Return the id of the draft for the text that an officer types into the form of a page."""
    return hashlib.sha256("\0".join((owner.desk.name, owner.officer, path)).encode()).hexdigest()[:16]


def _session_id(token: str, *owner: str) -> str:
    """Return the id of a session's row. One half finds the row; the other half is a MAC of the session's owner."""
    found = hashlib.sha256(b"satark/1/session\0" + token.encode()).hexdigest()[:32]
    return found + (hmac.digest(token.encode(), "\0".join(owner).encode(), "sha256").hex()[:32] if owner else "")


def _masked(token: str, key: bytes) -> bytes:
    """Mask a key with the session's token, or unmask it. Each token masks one key."""
    mask = hashlib.sha256(b"satark/1/session-key\0" + token.encode()).digest()
    return bytes(one ^ other for one, other in zip(mask, key, strict=False))
