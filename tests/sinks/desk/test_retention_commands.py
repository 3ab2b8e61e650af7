"""`satark retention hold`, `lift` and `order`: each command takes two officers, and says what it did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from satark.api.routing import Desk
from satark.identity.edge_key import Identity
from satark.retention.schedule import ensure_key
from satark.services import Services
from support.tips import SeededTip, seed_tip

Take = Callable[..., Result]


@pytest.fixture
def tip(services: Services, desk: Callable[[str], Desk]) -> SeededTip:
    """A tip of the SP. The tip's term is over."""
    services.write_now(lambda unit: ensure_key(unit, Identity(b"e" * 32)))
    return seed_tip(services, [desk("sp")], received="2020-01-01T00/PT6H")


@pytest.fixture
def take(tip: SeededTip, run: Callable[..., Result], passphrase_file: Callable[[str], Path]) -> Take:
    """Run a command as the SP's first officer and another officer, by default a second officer of the desk."""
    second = passphrase_file("another passphrase")
    assert run("officer", "add", "sp", "second", "--new-passphrase-file", second, by="sp").exit_code == 0

    def invoke(step: str, with_: Path = second) -> Result:
        words = ("retention", step, "sp", tip.number, "--second-passphrase-file", with_, "--reason", "Court 12/26")
        return run(*words, by="sp")

    return invoke


@pytest.mark.slow("commands of a whole desk")
def test_a_held_tip_is_not_ordered_to_be_erased(take: Take, tip: SeededTip) -> None:
    assert take("hold").stdout == f"{tip.number}: held\n"
    refused = take("order")
    assert (refused.exit_code, "a legal hold keeps it" in refused.stderr) == (1, True)
    assert take("lift").stdout == f"{tip.number}: no longer held\n"
    assert take("lift").exit_code == 1


def test_a_tip_whose_term_is_over_is_ordered_to_be_erased(take: Take, tip: SeededTip) -> None:
    assert take("order").output == f"{tip.number}: to be erased\n"


def test_one_officer_alone_can_not_take_a_step(take: Take, passphrase_file: Callable[[str], Path]) -> None:
    alone = take("hold", passphrase_file("sp passphrase 1"))
    assert (alone.exit_code, alone.stdout, "Traceback" in alone.output) == (1, "", False)
