"""Requests for originals.

One officer asks to open a tip's originals, and another officer approves in their own session. Both sign.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, select, update

from satark.api import CaseworkError
from satark.casework import TwoOfficerApproval, UnitOfWork, is_statement_signed, sign_statement
from satark_desk.tables import release

if TYPE_CHECKING:
    from sqlalchemy import Row

    from satark.casework import OpenTip, RosterState, Services
    from satark_desk.desk_keys import UnlockedDesk

DAYS = 2
"""Days for which a request and its approval are valid. The day of the request is the first."""


class NoSuchOriginalRequest(CaseworkError):  # noqa: N818 - it reads as what it says
    """No other officer has asked for the originals of this tip."""

    def __init__(self) -> None:
        super().__init__("no other officer asks for the originals of this tip")


class OriginalsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a tip's originals."""

    officer: str
    second: str
    """The officer who approved it; empty while nobody has."""


class Originals(msgspec.Struct, frozen=True, kw_only=True):
    """What a tip's page says about its originals."""

    approval: TwoOfficerApproval | None
    asked: bool
    """Whether this officer has asked for the originals."""
    others: tuple[str, ...]
    """Other officers who have asked for the originals and have no approval yet."""
    refused: bool = False


def ask(services: Services, by: UnlockedDesk, tip: OpenTip) -> None:
    """Ask for a tip's originals.

    Raises:
        CaseworkError: the officer has no right to release originals.
    """
    if not by.may_release:
        raise CaseworkError(f"officer {by.officer} has no right to release originals")

    def write(unit: UnitOfWork) -> None:
        unit.main.execute(delete(release).where(release.c.day <= unit.day - DAYS))
        unit.main.execute(delete(release).where(*_of(by.desk.name, tip.id, by.officer)))
        asked = sign_statement(_statement(by.desk.name, tip.id, by.officer, unit.day), by.own_identity)
        row = {"desk": by.desk.name, "tip": tip.id, "officer": by.officer, "day": unit.day}
        unit.insert(release, [{**row, "asked": asked, "second": "", "approved": b""}])

    services.write_now(write)


def approve(services: Services, by: UnlockedDesk, tip: OpenTip, officer: str) -> TwoOfficerApproval:
    """Approve another officer's request.

    Raises:
        NoSuchOriginalRequest: that officer has not asked, or the request has expired.
        CaseworkError: these two officers may not open originals together.
    """
    state = services.read_keys(services.roster.check).state
    approval = TwoOfficerApproval.of(state, tip, by.desk.name, officer, by.officer)

    def write(unit: UnitOfWork) -> None:
        row = unit.main.execute(select(release).where(*_of(by.desk.name, tip.id, officer))).one_or_none()
        if row is None or not _is_asked(row, state, unit.day):
            raise NoSuchOriginalRequest
        approved = sign_statement(_statement(row.desk, row.tip, officer, row.day, by.officer), by.own_identity)
        values = {"second": by.officer, "approved": approved}
        unit.main.execute(update(release).where(*_of(by.desk.name, tip.id, officer)).values(values))

    services.write_now(write)
    return approval


def approval_of(services: Services, by: UnlockedDesk, tip: OpenTip) -> TwoOfficerApproval | None:
    """Return the approval of this officer's own request; None if the request has no approval or is too old."""
    state = services.read_keys(services.roster.check).state
    row = services.read(
        lambda c: c.execute(select(release).where(*_of(by.desk.name, tip.id, by.officer))).one_or_none()
    )
    if row is None or not row.second or not _is_asked(row, state, _today()):
        return None
    second = state.officer(row.desk, row.second)
    statement = _statement(row.desk, row.tip, row.officer, row.day, row.second)
    if second is None or not is_statement_signed(second.signer, row.approved, statement):
        return None
    try:
        return TwoOfficerApproval.of(state, tip, row.desk, row.officer, row.second)
    except CaseworkError:
        return None


def requests(services: Services, desk: str, tip: str) -> list[OriginalsRequest]:
    """Return the requests for a tip's originals that are valid now."""
    state = services.read_keys(services.roster.check).state
    query = select(release).where(release.c.desk == desk, release.c.tip == tip).order_by(release.c.officer)
    rows = services.read(lambda c: c.execute(query).all())
    today = _today()
    return [OriginalsRequest(officer=row.officer, second=row.second) for row in rows if _is_asked(row, state, today)]


def originals_of(services: Services, by: UnlockedDesk, tip: OpenTip) -> Originals:
    """Return what an officer may do about a tip's originals."""
    asking = requests(services, by.desk.name, tip.id)
    return Originals(
        approval=approval_of(services, by, tip),
        asked=any(one.officer == by.officer for one in asking),
        others=tuple(one.officer for one in asking if one.officer != by.officer and not one.second),
    )


def _is_asked(row: Row[Any], state: RosterState, today: int) -> bool:
    officer = state.officer(row.desk, row.officer)
    statement = _statement(row.desk, row.tip, row.officer, row.day)
    return (
        today - DAYS < row.day <= today
        and officer is not None
        and is_statement_signed(officer.signer, row.asked, statement)
    )


def _today() -> int:
    return int(time.time()) // 86_400


def _statement(desk: str, tip: str, officer: str, day: int, second: str = "") -> bytes:
    return json.dumps(["originals", desk, tip, officer, day, second]).encode()


def _of(desk: str, tip: str, officer: str) -> tuple[Any, ...]:
    return release.c.desk == desk, release.c.tip == tip, release.c.officer == officer
