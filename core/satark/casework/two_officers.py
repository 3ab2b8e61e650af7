"""Acts that need two officers of a desk: which officers these may be, and the requests for originals that both sign."""

from __future__ import annotations

import json
from typing import ClassVar

import msgspec

from satark.casework.errors import NotTheseTwoOfficers, SecondOfficerRequired
from satark.casework.opened_tip import OpenTip
from satark.casework.work import PostedMessage
from satark.roster.entries import is_statement_signed, sign_statement
from satark.roster.state import RosterState

TAKES_TWO: frozenset[str] = frozenset({"no_action"})
"""Outcomes that close an urgent tip only if two officers agree, or if a desk above decides."""


class OriginalsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a tip's originals: one officer signs it, and another officer signs the approval."""

    DAYS: ClassVar = 2
    """Days for which a request and its approval are valid. The day of the request is the first."""

    desk: str
    tip: str
    officer: str
    """Name of the officer who asks."""
    day: int
    """The day of the request, in days since 1970."""
    asked: bytes
    """Signature of the officer who asks."""
    second: str = ""
    """Name of the officer who approved; empty: nobody has yet."""
    approved: bytes = b""
    """Signature of the officer who approved."""

    @classmethod
    def signed(cls, desk: str, tip: str, officer: str, day: int, identity: str) -> OriginalsRequest:
        """Return an officer's request, signed with the officer's own identity."""
        unsigned = cls(desk=desk, tip=tip, officer=officer, day=day, asked=b"")
        return msgspec.structs.replace(unsigned, asked=sign_statement(unsigned._statement(), identity))

    def approved_by(self, second: str, identity: str) -> OriginalsRequest:
        """Return this request with another officer's approval, signed with that officer's own identity."""
        approved = sign_statement(self._statement(second), identity)
        return msgspec.structs.replace(self, second=second, approved=approved)

    def is_asked(self, state: RosterState, today: int) -> bool:
        """Return whether the officer whom the roster lists signed this request, and it is still valid."""
        is_valid = today - self.DAYS < self.day <= today
        return is_valid and self._is_signed(state, self.officer, self.asked, self._statement())

    def approval(self, state: RosterState, tip: OpenTip, today: int) -> TwoOfficerApproval:
        """Return both officers' approval to open the tip's originals.

        Raises:
            SecondOfficerRequired: nobody approved, or the same officer; or a signature is not theirs, or too old.
            NotTheseTwoOfficers: these two may not open originals together.
        """
        is_approved = self._is_signed(state, self.second, self.approved, self._statement(self.second))
        if self.tip != tip.id or not self.is_asked(state, today) or not is_approved:
            raise SecondOfficerRequired
        return check_two_officers(state, tip, self.desk, self.officer, self.second)

    def _is_signed(self, state: RosterState, officer: str, signature: bytes, statement: bytes) -> bool:
        listed = state.officer(self.desk, officer)
        return listed is not None and is_statement_signed(listed.signer, signature, statement)

    def _statement(self, second: str = "") -> bytes:
        return json.dumps(["originals", self.desk, self.tip, self.officer, self.day, second]).encode()


class TwoOfficerApproval(msgspec.Struct, frozen=True):
    """The approval of two officers of one desk to open evidence that one officer alone may not.

    Raises:
        SecondOfficerRequired: (when created) both are the same officer.
    """

    first: str
    second: str
    may_listen: bool = False
    """Whether one of the two may hear tipsters' voices; if neither may, no voice is opened."""

    def __post_init__(self) -> None:
        if not self.first or not self.second or self.first == self.second:
            raise SecondOfficerRequired


def is_by_present_key(state: RosterState, asked: PostedMessage) -> bool:
    """Return whether an officer signed a request with the key that the roster lists for them now."""
    officer = state.officer(asked.message.desk, asked.officer)
    return officer is not None and asked.signer == officer.signer


def check_two_officers(state: RosterState, tip: OpenTip, desk: str, first: str, second: str) -> TwoOfficerApproval:
    """Check that the first officer of a desk may release a tip's evidence together with the second.

    Raises:
        SecondOfficerRequired: both are the same officer.
        NotTheseTwoOfficers: the first may not release originals, one of them does not have the tip, or one of them
            appointed the other or gave them a new key.
    """
    one, other = state.officer(desk, first), state.officer(desk, second)
    rights = {right for officer in (one, other) if officer for right in officer.rights}
    approval = TwoOfficerApproval(first, second, may_listen="listen" in rights)
    if one is None or other is None or "auditor" in (one.role, other.role):
        raise NotTheseTwoOfficers("both must be officers of the desk who read its tips")
    if any(tip.work.is_recused(desk, name) for name in (first, second)):
        raise NotTheseTwoOfficers("one of these two has to do with the people of the tip: another officer must approve")
    if "release" not in one.rights:
        raise NotTheseTwoOfficers(f"officer {first} has no right to release originals")
    if not state.may_act_as_two((desk, first), (desk, second)):
        raise NotTheseTwoOfficers(
            "one of these two officers appointed the other or gave them a new key: another officer must approve"
        )
    return approval
