"""The kit detects mistakes of plugin authors. `make mutants` tries every mutant; this test tries some of them."""

from __future__ import annotations

import gc

import pytest

from satark_testing.contracts.rules import RULES
from support.contract_mutants.mutants import Workshop, all_mutants

pytestmark = pytest.mark.full("mutants")

TRIED = 6
"""Every sixth mutant is tried here."""
MUTANTS = all_mutants()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.mark.parametrize(
    "file",
    [
        "scaffold/channel/channel.py",
        "scaffold/sink/sink.py",
        "scaffold/cases/plugin.py",
        "scaffold/cases/answers.py",
        "scaffold/cases/webhook.py",
    ],
)
def test_the_scaffold_breaks_no_rule(workshop: Workshop, file: str) -> None:
    assert workshop.clean(file).message == ""


# A mutant may leave a connection open: it is collected here, and warns in no other test.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("number", range(0, len(MUTANTS), TRIED))
def test_each_mutant_is_detected_by_the_rule_that_it_breaks(workshop: Workshop, number: int) -> None:
    noticed = workshop.try_mutant(MUTANTS[number])
    gc.collect()
    assert (noticed.mutant.name, noticed.rule) == (noticed.mutant.name, noticed.mutant.rule), noticed.message
    assert noticed.message.startswith(f"{noticed.rule} {RULES[noticed.rule].title}\n  tried: ")
    assert "\n  expected: " in noticed.message


def test_there_are_enough_rules_and_mutants() -> None:
    assert len(RULES) >= 40
    assert len(MUTANTS) >= 60
    assert {mutant.rule for mutant in MUTANTS} <= set(RULES)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
