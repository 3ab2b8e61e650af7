"""Reading: opens the acts that a reader may see, and checks each one's signature and position in the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Row, select

from satark.api.observability import Redacted
from satark.api.sealing import CantOpen, open_as
from satark.audit import acts, keys
from satark.audit.acts import Act, SignedAct
from satark.audit.keys import Verifier
from satark.custody.chain import GENESIS, OFFICERS
from satark.roster.entries import Role
from satark.roster.state import RosterState
from satark.routing.rules import desks_above
from satark.services import Services
from satark.store.tables import custody
from satark_words.geography.geography import Geography

SCAN_ROWS = 2000
"""Most rows that one page searches. A row takes some 0.1 ms."""

Flaw: TypeAlias = Literal["", "unsigned", "forged"]
"""A flaw of an act. `unsigned`: no officer's key signed it, which is normal for a failed sign-in and for a machine;
`forged`: its signature or its position in the log is wrong."""


class ReadAct(Redacted, frozen=True, kw_only=True):
    """An act, opened and checked."""

    act: Act
    flaw: Flaw


class Viewer(Redacted, frozen=True, kw_only=True):
    """A reader of the log: the identities that open it, and the desks and officer whose acts the reader may see."""

    identities: tuple[str, ...]
    desks: frozenset[str] = frozenset()
    """The desks whose officers' acts the reader may see."""
    own: tuple[str, str] = ("", "")
    """Desk and name of the officer whose own acts the reader may see."""

    @classmethod
    def of(cls, services: Services, *, desk: str, officer: str, role: Role, identity: str, own_identity: str) -> Viewer:
        """Return an officer as a reader of the log, with the keys that they have for it.

        `identity`: the desk's opened key; empty for an auditor.
        """
        state = services.roster_state()
        desks = desks_seen(state, services.geography, desk, role)
        auditor = role == "auditor"
        holder = keys.officer_holder(desk, officer) if auditor else keys.desk_holder(desk)
        opened = services.read(lambda c: keys.opened_keys(c, holder, own_identity if auditor else identity))
        usable = [key.identity for key in opened if key.desk in desks]
        return cls(identities=(*usable, own_identity), desks=desks, own=(desk, officer))

    def read(
        self, services: Services, wanted: ActFilter, *, before: int = 0, most: int = 50, scan: int = SCAN_ROWS
    ) -> ActPage:
        """Return a page of at most `most` acts, the newest first; search `scan` rows of the log for them.

        `before`: only acts before this position; 0: from the end of the log.
        """
        rows = services.read(lambda c: _rows(c, before, scan))
        trusted = _Trusted(services, self.desks | {self.own[0]})
        found: list[ReadAct] = []
        for row in rows:
            read = _read(row, self, trusted)
            if read is not None and wanted.matches(read.act):
                found.append(read)
            if len(found) == most:
                return ActPage(acts=tuple(found), older=row.position)
        return ActPage(acts=tuple(found), older=rows[-1].position if len(rows) == scan else 0)

    def read_all(self, services: Services, wanted: ActFilter) -> Iterator[ReadAct]:
        """Yield all acts that match, the newest first."""
        page = self.read(services, wanted, most=SCAN_ROWS)
        yield from page.acts
        while page.older:
            page = self.read(services, wanted, before=page.older, most=SCAN_ROWS)
            yield from page.acts


class ActFilter(msgspec.Struct, frozen=True, kw_only=True):
    """The conditions for acts; an empty field sets none."""

    desk: str = ""
    officer: str = ""
    tip: str = ""
    kind: str = ""
    since: str = ""
    """The act happened at this time or later; written as `Act.at`."""
    until: str = ""
    """The act happened before this time."""

    def matches(self, act: Act) -> bool:
        """Return whether an act matches. The act of listing all tips of a desk concerns each of its tips."""
        tip = not self.tip or act.tip.casefold() == self.tip.casefold() or act.kind == "exported_list"
        people = self.officer.casefold() in {"", act.officer.casefold(), act.second.casefold()}
        is_then = self.since <= act.at and (not self.until or act.at < self.until)
        return is_then and tip and people and self.desk in {"", act.desk} and self.kind in {"", act.kind}


class ActPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the log, the newest act first."""

    acts: tuple[ReadAct, ...]
    older: int
    """The position at which the next page continues; 0: there is nothing older."""


def desks_seen(state: RosterState, geography: Geography, desk: str, role: Role) -> frozenset[str]:
    """Return the desks whose officers' acts an officer of this desk and role may see.

    An auditor sees their own desk. A head sees the desks below, and their own desk if no desk is above it.
    """
    if role == "auditor":
        return frozenset({desk})
    if role != "head" or desk not in state.desks:
        return frozenset()
    desks = [listed.desk for listed in state.desks.values()]
    own = state.desks[desk].desk
    below = {one.name for one in desks if own in desks_above(one, desks, geography)}
    return frozenset(below if desks_above(own, desks, geography) else below | {desk})


def _rows(connection: Connection, before: int, most: int) -> list[Row[Any]]:
    previous = custody.alias("previous")
    query = select(custody.c.position, custody.c.entry, custody.c.sealed, previous.c.link.label("before"))
    query = query.outerjoin(previous, previous.c.position == custody.c.position - 1)
    query = query.where(custody.c.tip == OFFICERS).order_by(custody.c.position.desc()).limit(most)
    return list(connection.execute(query.where(custody.c.position < before) if before else query))


class _Trusted:
    """The public keys that verify acts."""

    def __init__(self, services: Services, desks: Iterable[str]) -> None:
        self._state = services.roster_state()
        self._desks = keys.trusted_verifiers(services, desks)

    def is_by(self, signed: SignedAct, position: int) -> bool:
        counted = (one for one in self._verifiers(signed) if one.counts_at(position))
        return any(acts.is_signed_with(signed, one.key) for one in counted)

    def _verifiers(self, signed: SignedAct) -> list[Verifier]:
        act = signed.act
        if signed.number == acts.OWN_KEY:
            officer = self._state.officer(act.desk, act.officer)
            former = self._state.former_keys.get((act.desk, act.officer), {}) if officer else {}
            own = [Verifier(key, until) for key, until in former.items() if until]
            return [*own, Verifier(officer.signer)] if officer else []
        desk = self._desks.get(act.desk, {})
        return [desk[signed.number]] if signed.number in desk else []


def _read(row: Row[Any], by: Viewer, trusted: _Trusted) -> ReadAct | None:
    try:
        signed = open_as(SignedAct, row.sealed, "\n".join(by.identities))
    except CantOpen:
        return None
    act = signed.act
    may_see = act.desk in by.desks or (act.desk, act.officer) == by.own
    return ReadAct(act=act, flaw=_flaw(row, signed, trusted)) if may_see else None


def _flaw(row: Row[Any], signed: SignedAct, trusted: _Trusted) -> Flaw:
    if acts.commitment(signed.act) != row.entry:
        return "forged"
    if not signed.number:
        return "unsigned"
    in_place = signed.before == (row.before or GENESIS)
    return "" if in_place and trusted.is_by(signed, row.position) else "forged"
