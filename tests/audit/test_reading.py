"""The audit log: who may read it, what each reader sees, and that a change of the log is detected."""

from __future__ import annotations

import re
from typing import Any

import pytest

from satark.api.sealing import new_identity, recipient_of
from satark.audit import keys, reading
from satark.audit.acts import commitment, new_act, seal_act, sign
from satark.audit.reading import ActFilter, Viewer
from satark.audit.trail import Trail
from satark.custody.chain import OFFICERS
from satark.custody.log import append_sealed
from satark.roster import chain as roster_chain
from satark.roster.entries import Entry, OfficerSet, Role, RosterOfficer, desk_verifier, officer_signer
from satark.services import Services
from support.acts import kinds, respond, seen_by, viewer_at
from support.desks import SeededDesk
from support.tips import SeededTip

pytestmark = pytest.mark.slow("half a second of a processor")


def test_the_desk_above_reads_who_did_what_with_which_tip_and_when(
    services: Services, sp: SeededDesk, dig: SeededDesk, seeded: SeededTip
) -> None:
    rao = sp.casework_of("rao")
    rao.summaries()
    rao.find("शराब")
    tip = rao.open(seeded.number)
    rao.evidence(tip, "1")
    respond(rao, tip, status="ACTED", text="धन्यवाद")
    acts = seen_by(services, dig, {"sp"})
    assert kinds(acts) == ["listed", "searched", "read", "viewed", "answered"]
    assert {(read.act.desk, read.act.officer, read.flaw) for read in acts} == {("sp", "rao", "")}
    assert [read.act.tip for read in acts] == [seeded.number] * 3 + ["", ""]
    assert acts[0].act.detail == "ACTED"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", read.act.at) for read in acts)


def test_a_desk_above_that_was_added_later_reads_the_older_acts_once_they_are_shared(
    services: Services, sp: SeededDesk
) -> None:
    sp.casework_of("rao").summaries()
    dig = SeededDesk(services, "dig", "range")
    assert seen_by(services, dig, {"sp"}) == []
    Trail(services, "sp", "rao", sp.identity).signed_in()
    assert kinds(seen_by(services, dig, {"sp"})) == ["listed", "signed_in"]


def test_a_desk_below_and_a_desk_of_another_area_have_no_key(services: Services, sp: SeededDesk) -> None:
    other = SeededDesk(services, "jaunpur", "district", "jaunpur")
    station = SeededDesk(services, "lanka", "station", "lanka")
    sp.casework_of("rao").summaries()
    assert seen_by(services, other, {"sp"}) == seen_by(services, station, {"sp"}) == []
    station.casework_of("sub").summaries()
    assert kinds(seen_by(services, sp, {"lanka"})) == ["listed"]
    assert seen_by(services, other, {"lanka"}) == []


def list_officer(services: Services, name: str, identity: str, role: Role) -> None:
    """List an officer of the SP in the roster."""
    signer, recipient = officer_signer(identity), recipient_of(identity)
    officer = RosterOfficer(name=name, recipient=recipient, signer=signer, role=role)
    entry = Entry(body=OfficerSet(desk="sp", officer=officer))
    services.write_now(lambda unit: roster_chain.append(unit, entry))


def test_an_auditor_reads_acts_and_a_former_auditor_reads_none(services: Services, sp: SeededDesk) -> None:
    identity = new_identity()[1]

    def seen() -> list[str]:
        viewer = Viewer.of(services, desk="sp", officer="auditor", role="auditor", identity="", own_identity=identity)
        return kinds(list(viewer.read(services, ActFilter()).acts))

    rao = Trail(services, "sp", "rao", sp.identity)
    rao.record("listed")
    list_officer(services, "auditor", identity, "auditor")
    assert seen() == []
    rao.signed_in()
    assert seen() == ["listed", "signed_in"]
    list_officer(services, "auditor", identity, "officer")
    rao.signed_in()
    assert seen() == []


def test_an_auditors_own_acts_are_signed_with_their_own_key(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    identity = new_identity()[1]
    list_officer(services, "auditor", identity, "auditor")
    Trail(services, "sp", "rao", sp.identity).signed_in()
    Trail(services, "sp", "auditor", own_identity=identity).signed_in()
    Trail(services, "sp", "auditor", own_identity=new_identity()[1]).record("log_read")
    assert [(read.act.officer, read.flaw) for read in seen_by(services, dig, {"sp"})] == [
        ("auditor", "forged"),
        ("auditor", ""),
        ("rao", ""),
    ]


@pytest.mark.parametrize(
    ("desk", "role", "seen"),
    [
        ("sp", "auditor", {"sp"}),
        ("sp", "head", {"lanka"}),
        ("sp", "officer", set()),
        ("dig", "head", {"sp", "lanka", "dig"}),
        ("dig", "auditor", {"dig"}),
        ("lanka", "head", set()),
        ("nowhere", "head", set()),
    ],
)
@pytest.mark.usefixtures("sp", "dig")
def test_auditors_see_their_desk_and_heads_the_desks_below(
    services: Services, desk: str, role: Role, seen: set[str]
) -> None:
    SeededDesk(services, "lanka", "station", "lanka")
    state = services.roster_state()
    assert reading.desks_seen(state, services.geography, desk, role) == seen


def test_an_officer_reads_only_their_own_acts(services: Services, sp: SeededDesk) -> None:
    identity = new_identity()[1]
    Trail(services, "sp", "rao", sp.identity, own_identity=identity).record("listed")
    Trail(services, "sp", "khan", sp.identity).record("listed")
    viewer = Viewer.of(services, desk="sp", officer="rao", role="officer", identity=sp.identity, own_identity=identity)
    acts = viewer.read(services, ActFilter()).acts
    assert [(read.act.officer, read.flaw) for read in acts] == [("rao", "")]


def test_acts_are_found_by_officer_tip_and_kind(
    services: Services, sp: SeededDesk, dig: SeededDesk, seeded: SeededTip
) -> None:
    for name in ("rao", "khan"):
        work = sp.casework_of(name)
        work.open(seeded.number)
        list(work.export_list())
    by_tip = seen_by(services, dig, {"sp"}, ActFilter(tip=seeded.number.lower(), officer="khan"))
    assert kinds(by_tip) == ["read", "exported_list"]
    assert len(seen_by(services, dig, {"sp"}, ActFilter(kind="read"))) == 2
    assert seen_by(services, dig, {"sp"}, ActFilter(tip="NONE-SUCH", kind="read")) == []


def test_each_page_of_the_log_begins_where_the_one_before_ended(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    trail = Trail(services, "sp", "rao", sp.identity)
    for number in range(7):
        trail.record("searched", detail=str(number))
    viewer = viewer_at(services, "desk:dig", dig.identity, {"sp"})
    found, before = [], 0
    for _ in range(4):
        page = viewer.read(services, ActFilter(), before=before, most=3, scan=4)
        found += [read.act.detail for read in page.acts]
        before = page.older
        if not before:
            break
    assert found == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_row_that_was_written_without_the_desks_key_shows_as_forged(
    services: Services, sp: SeededDesk, dig: SeededDesk
) -> None:
    Trail(services, "sp", "rao", sp.identity).record("listed")
    key = services.read(lambda c: keys.current_key(c, "sp", desk_verifier(sp.identity)))
    assert key is not None
    act = new_act("read", desk="sp", officer="khan", now=1_800_000_000, tip="4K7Q-2XPM")
    forger = keys.act_key(new_identity()[1])

    def make(before: bytes, number: int, signing: Any) -> tuple[bytes, bytes]:
        return commitment(act), seal_act(sign(act, before, number, signing), key.recipient)

    made = (
        lambda before: make(before, 1, forger),
        lambda before: make(before, 0, None),
        lambda _: make(b"x" * 32, 1, keys.act_key(sp.identity)),
    )
    for one in made:
        services.write_now(lambda unit, one=one: append_sealed(unit, OFFICERS, "", [one]))  # type: ignore[misc]
    assert [read.flaw for read in seen_by(services, dig, {"sp"})] == ["forged", "unsigned", "forged", ""]
