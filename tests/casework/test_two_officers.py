"""Acts that need two officers: both sign with their own keys, and they are two persons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from satark.api.sealing import new_identity
from satark.casework import OpenTip, OriginalsRequest, TwoOfficerApproval
from satark.casework.errors import NotTheseTwoOfficers, SecondOfficerRequired
from satark.casework.two_officers import check_two_officers
from satark.roster.entries import RECOVERY, Right, Role, RosterOfficer, officer_signer
from satark.roster.state import RosterState
from satark.services import Services
from support.desks import SeededDesk
from support.store import fresh_services
from support.tips import seed_tip

TODAY = 20_000
KEYS = {name: new_identity() for name in ("rao", "khan", RECOVERY, "watcher")}


def listed(name: str, role: Role = "officer") -> RosterOfficer:
    recipient, identity = KEYS[name]
    rights: tuple[Right, ...] = () if role == "auditor" else ("release",)
    return RosterOfficer(name=name, recipient=recipient, signer=officer_signer(identity), role=role, rights=rights)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = fresh_services(tmp_path)
    yield services
    services.close()


@pytest.fixture
def tip(services: Services) -> OpenTip:
    """A tip at a desk with two heads, a recovery head whose passphrase is in a safe, and an auditor."""
    officers = listed("rao", "head"), listed("khan", "head"), listed(RECOVERY, "head"), listed("watcher", "auditor")
    sp = SeededDesk(services, "sp", officers=officers)
    return sp.casework.open(seed_tip(services, [sp.desk]).number)


@pytest.fixture
def state(services: Services, tip: OpenTip) -> RosterState:
    return services.roster_state()


def asked(tip: OpenTip, day: int = TODAY) -> OriginalsRequest:
    return OriginalsRequest.signed("sp", tip.id, "rao", day, KEYS["rao"][1])


def test_a_request_and_its_approval_that_both_signed_open_originals_for_two_days(
    tip: OpenTip, state: RosterState
) -> None:
    signed = asked(tip).approved_by("khan", KEYS["khan"][1])
    for today in (TODAY, TODAY + 1):
        assert signed.approval(state, tip, today) == TwoOfficerApproval("rao", "khan")
    for today in (TODAY - 1, TODAY + 2):
        with pytest.raises(SecondOfficerRequired):
            signed.approval(state, tip, today)


def test_no_row_opens_originals_without_a_signature_of_each_officers_own_key(tip: OpenTip, state: RosterState) -> None:
    replace = msgspec.structs.replace
    signed = asked(tip).approved_by("khan", KEYS["khan"][1])
    forged = [
        asked(tip),
        asked(tip).approved_by("khan", KEYS["rao"][1]),
        replace(signed, asked=signed.approved),
        replace(signed, second="rao"),
        replace(signed, officer="khan", second="rao"),
        replace(signed, second="nobody"),
        replace(signed, day=TODAY + 1),
        replace(signed, tip="another tip"),
        replace(signed, desk="dig"),
    ]
    for one in forged:
        with pytest.raises(SecondOfficerRequired):
            one.approval(state, tip, TODAY)


def test_two_keys_of_one_person_are_not_two_officers(tip: OpenTip, state: RosterState) -> None:
    sp = state.desks["sp"]
    linked = {"khan": frozenset({("sp", "rao")})}
    state.desks["sp"] = msgspec.structs.replace(sp, appointed_by=linked)
    signed = asked(tip).approved_by("khan", KEYS["khan"][1])
    with pytest.raises(NotTheseTwoOfficers, match="gave them a new key"):
        signed.approval(state, tip, TODAY)


@pytest.mark.parametrize("second", [RECOVERY, "watcher", "nobody"])
def test_neither_the_recovery_head_nor_an_auditor_is_the_second_officer(
    tip: OpenTip, state: RosterState, second: str
) -> None:
    with pytest.raises(NotTheseTwoOfficers):
        check_two_officers(state, tip, "sp", "rao", second)
    with pytest.raises(SecondOfficerRequired):
        check_two_officers(state, tip, "sp", "rao", "rao")
