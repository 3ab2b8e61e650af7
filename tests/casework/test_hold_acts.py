"""Steps about keeping a tip, taken by officers."""

from __future__ import annotations

import pytest

from satark.casework.hold_acts import TipKeeping
from satark.casework.hold_rules import StepRefused
from satark.identity.edge_key import Identity
from satark.retention.schedule import NoRetentionKey, ensure_key
from satark.services import Services
from support.acts import respond
from support.desks import SeededDesk, agree
from support.tips import seed_tip


def test_a_step_that_makes_no_sense_is_refused(services: Services, sp: SeededDesk) -> None:
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    seeded = seed_tip(services, [sp.desk])
    rao = sp.casework_of("rao")
    work = TipKeeping(services, rao)
    for step in ("ask_lift", "ask_erasure"):
        with pytest.raises(StepRefused):
            work.ask(rao.open(seeded.number), step, "")
    with pytest.raises(StepRefused):
        agree(work, rao.open(seeded.number))
    work.ask(rao.open(seeded.number), "ask_hold", "court")
    with pytest.raises(StepRefused):
        work.ask(rao.open(seeded.number), "ask_hold", "court")


@pytest.mark.slow("a desk's whole work")
def test_an_officer_agrees_only_to_the_hold_that_the_page_showed(services: Services, sp: SeededDesk) -> None:
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    seeded = seed_tip(services, [sp.desk])
    rao, khan = sp.casework_of("rao"), sp.casework_of("khan")
    first, second = TipKeeping(services, rao), TipKeeping(services, khan)
    first.ask(rao.open(seeded.number), "ask_hold", "court")
    shown = second.of(khan.open(seeded.number)).asked_at
    first.ask(rao.open(seeded.number), "ask_lift", "no court")
    with pytest.raises(StepRefused, match="something else"):
        second.agree(khan.open(seeded.number), shown)
    assert second.of(khan.open(seeded.number)).held


def test_a_hold_is_refused_rather_than_lost_if_the_job_never_ran(services: Services, sp: SeededDesk) -> None:
    seeded = seed_tip(services, [sp.desk])
    with pytest.raises(NoRetentionKey):
        TipKeeping(services, sp.casework).ask(sp.casework.open(seeded.number), "ask_hold", "court")
    respond(sp.casework, sp.casework.open(seeded.number), status="MERGED")
