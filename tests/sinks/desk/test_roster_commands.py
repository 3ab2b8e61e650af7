"""`satark roster propose`, `approve`, `reject`, `text` and `sign`, on a sealed roster."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from satark.routing.desks import close_roster
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer

Run = Callable[..., Result]
SECOND = "another passphrase"


@pytest.fixture
def proposal(services: Services, unlocked: Callable[[str], UnlockedDesk], run: Run) -> str:
    """The id of a proposal by the SP's head. The proposal gives a second officer of the desk the right to release."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECOND))
    services.write_now(lambda unit: close_roster(unit, ()))
    proposed = run("roster", "propose", "role", "sp", "second", "--may-release", by="sp")
    found = re.search(r"is proposed as (\w+)", proposed.stdout)
    assert found, proposed.output
    return found[1]


def rights(services: Services) -> tuple[str, ...]:
    return services.read_keys(services.roster.check).state.desks["sp"].officers["second"].rights


def test_a_change_is_carried_out_when_an_officer_of_another_desk_signs(
    proposal: str, services: Services, run: Run
) -> None:
    assert rights(services) == ()
    signed = run("roster", "approve", "dig", proposal, by="dig")
    assert (signed.exit_code, "carried out" in signed.stdout) == (0, True), signed.output
    assert rights(services) == ("release",)


def test_a_rejected_proposal_is_gone(proposal: str, services: Services, run: Run) -> None:
    assert run("roster", "reject", "sp", proposal, by="sp").exit_code == 0
    again = run("roster", "approve", "sp", proposal, by="sp")
    assert (again.exit_code, "Traceback" in again.output) == (1, False)
    assert rights(services) == ()


def test_an_office_signs_the_text_of_a_proposal_and_no_other_text(proposal: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "proposal"
    file.write_text(run("roster", "text", proposal).stdout, "utf-8")
    assert '"desk":"dig"' in run("roster", "sign", "dig", file, by="dig").stdout
    file.write_text("junk")
    refused = run("roster", "sign", "dig", file, by="dig")
    assert (refused.exit_code, "no proposal" in refused.stderr) == (1, True)
    assert run("roster", "approve", "sp", proposal).exit_code == 2
