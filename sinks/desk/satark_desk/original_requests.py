"""Requests for originals.

One officer asks to open a tip's originals, and another officer approves in their own session. Both sign.
"""

import time
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from satark.api import CaseworkError
from satark.casework import OpenTip, OriginalsRequest, Services, TwoOfficerApproval, UnitOfWork, name_tag
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import release


class Originals(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a tip's originals for its page."""

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

    tag = _tag(services, tip.id)

    def write(unit: UnitOfWork) -> None:
        unit.main.execute(delete(release).where(release.c.day <= unit.day - OriginalsRequest.DAYS))
        unit.main.execute(delete(release).where(*_of(by.desk.name, tag, by.officer)))
        asked = OriginalsRequest.signed(by.desk.name, tip.id, by.officer, unit.day, by.own_identity)
        unit.insert(release, [msgspec.structs.asdict(asked) | {"tip": tag}])

    services.write_now(write)


def approve(services: Services, by: UnlockedDesk, tip: OpenTip, officer: str) -> TwoOfficerApproval:
    """Approve another officer's request.

    Raises:
        CaseworkError: that officer has not asked, the request expired, or these two may not open originals together.
    """
    state = services.roster_state()
    asked = next((one for one in requests(services, by.desk.name, tip.id) if one.officer == officer), None)
    if asked is None:
        raise CaseworkError("no other officer asks for the originals of this tip")
    approved = asked.approved_by(by.officer, by.own_identity)
    approval = approved.approval(state, tip, _today())
    values = {"second": approved.second, "approved": approved.approved}
    where = *_of(by.desk.name, _tag(services, tip.id), officer), release.c.asked == asked.asked
    services.write_now(lambda unit: unit.main.execute(update(release).where(*where).values(values)))
    return approval


def approval_of(services: Services, by: UnlockedDesk, tip: OpenTip) -> TwoOfficerApproval | None:
    """Return the approval of this officer's own request; None if the request has no approval or is too old."""
    state = services.roster_state()
    own = next((one for one in requests(services, by.desk.name, tip.id) if one.officer == by.officer), None)
    try:
        return own.approval(state, tip, _today()) if own else None
    except CaseworkError:
        return None


def approve_at_once(services: Services, first: UnlockedDesk, second: UnlockedDesk, tip: OpenTip) -> TwoOfficerApproval:
    """Ask as the first officer and approve as the second: both have signed in.

    Raises:
        CaseworkError: these two officers may not open originals together.
    """
    asked = OriginalsRequest.signed(first.desk.name, tip.id, first.officer, _today(), first.own_identity)
    return asked.approved_by(second.officer, second.own_identity).approval(services.roster_state(), tip, _today())


def requests(services: Services, desk: str, tip: str) -> list[OriginalsRequest]:
    """Return the requests for a tip's originals that are valid now."""
    state = services.roster_state()
    here = release.c.desk == desk, release.c.tip == _tag(services, tip)
    rows = services.read(lambda c: c.execute(select(release).where(*here).order_by(release.c.officer)).mappings().all())
    found = [OriginalsRequest(**{**row, "tip": tip}) for row in rows]
    return [one for one in found if one.is_asked(state, _today())]


def originals_of(services: Services, by: UnlockedDesk, tip: OpenTip) -> Originals:
    """Return the state of a tip's originals for an officer."""
    asking = requests(services, by.desk.name, tip.id)
    return Originals(
        approval=approval_of(services, by, tip),
        asked=any(one.officer == by.officer for one in asking),
        others=tuple(one.officer for one in asking if one.officer != by.officer and not one.second),
    )


def _today() -> int:
    return int(time.time()) // 86_400


def tip_tag(keys: Connection, tip: str) -> str:
    """Return the tag that stands for a tip in its requests. It is made with a name that no desk has."""
    return name_tag(keys, tip, "originals asked for").hex()


def _tag(services: Services, tip: str) -> str:
    return services.read_keys(lambda keys: tip_tag(keys, tip))


def _of(desk: str, tag: str, officer: str) -> tuple[Any, ...]:
    return release.c.desk == desk, release.c.tip == tag, release.c.officer == officer
