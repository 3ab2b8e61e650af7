"""Acts of officers, and the audit log as authorised desks read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args, get_type_hints

from satark.api.tip import CaseStep, Status
from satark.audit import keys
from satark.audit.reading import ActFilter, ReadAct, Viewer

if TYPE_CHECKING:
    from satark.casework.casework import Casework
    from satark.casework.opened_tip import OpenTip
    from satark.casework.work import PostedMessage
    from satark.services import Services
    from support.desks import SeededDesk


ACTS = frozenset({"directed", "reported", "asked_to_close", "refused_to_close", "closed", "merged"})
"""The steps of a tip that stop a clock, as the desk's page of help says."""
NO_ACTS = frozenset(get_args(get_type_hints(CaseStep)["kind"])) - ACTS
"""All other steps: a new one stops no clock until it is named above."""


def viewer_at(services: Services, holder: str, identity: str, desks: set[str]) -> Viewer:
    """Return who has the copies of this holder, and may see these desks' acts."""
    opened = services.read(lambda c: keys.opened_keys(c, holder, identity))
    usable = tuple(key.identity for key in opened if key.desk in desks)
    return Viewer(identities=(*usable, identity), desks=frozenset(desks))


def seen_by(services: Services, desk: SeededDesk, desks: set[str], wanted: ActFilter | None = None) -> list[ReadAct]:
    """Return the acts of some desks that a desk reads."""
    viewer = viewer_at(services, keys.desk_holder(desk.desk.name), desk.identity, desks)
    return list(viewer.read(services, wanted or ActFilter()).acts)


def kinds(acts: list[ReadAct]) -> list[str]:
    """Return the kinds of acts, the oldest first."""
    return [read.act.kind for read in reversed(acts)]


def direct_whole(casework: Casework, tip: OpenTip, to_desk: str, instruction: str) -> None:
    """Give another desk the whole tip too, with an instruction."""
    casework._services.write_now(lambda unit: casework.directing.direct(unit, tip, to_desk, instruction, 0))


def respond(
    casework: Casework, tip: OpenTip, *, status: Status | None = None, text: str = "", question: bool = False
) -> PostedMessage:
    """Write to the tipster as an act does, without the rules about who may."""
    message = casework.response(status, text, question=question)
    return casework._services.write_now(lambda unit: casework.post(unit, tip, message))
