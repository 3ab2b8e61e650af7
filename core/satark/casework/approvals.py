"""Approvals: what takes two officers takes two who did not appoint each other, with the rights that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from satark.casework.errors import NotTheseTwoOfficers, SecondOfficerRequired

if TYPE_CHECKING:
    from satark.casework.opened_tip import OpenTip
    from satark.roster.state import RosterState


class TwoOfficerApproval(msgspec.Struct, frozen=True):
    """The approval of two officers of one desk to open what one officer alone may not.

    Raises:
        SecondOfficerRequired: (when created) they are the same officer.
    """

    first: str
    second: str
    may_listen: bool = False
    """Whether one of them may hear tipsters' voices: without, no voice is opened."""

    def __post_init__(self) -> None:
        if not self.first or not self.second or self.first == self.second:
            raise SecondOfficerRequired

    @classmethod
    def of(cls, state: RosterState, tip: OpenTip, desk: str, first: str, second: str) -> TwoOfficerApproval:
        """Approve originals of a tip for the first officer of a desk, together with the second.

        Raises:
            SecondOfficerRequired: they are the same officer.
            NotTheseTwoOfficers: the first may not release originals, one of them does not have the tip, or one
                appointed the other.
        """
        officers = [state.officer(desk, first), state.officer(desk, second)]
        rights = {right for one in officers if one for right in one.rights}
        approval = cls(first, second, may_listen="listen" in rights)
        one, other = officers
        if one is None or other is None or "auditor" in (one.role, other.role):
            raise NotTheseTwoOfficers("both must be officers of the desk who read its tips")
        if any(tip.work.is_recused(desk, name) for name in (first, second)):
            raise NotTheseTwoOfficers(
                "one of these two has to do with the people of the tip: another officer must approve"
            )
        if "release" not in one.rights:
            raise NotTheseTwoOfficers(f"officer {first} has no right to release originals")
        if state.did_appoint((desk, first), (desk, second)) or state.did_appoint((desk, second), (desk, first)):
            raise NotTheseTwoOfficers("one of these two officers appointed the other: another officer must approve")
        return approval
