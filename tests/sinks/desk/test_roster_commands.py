"""`satark roster propose`, `approve`, `text` and `sign`, on a sealed roster."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import delete, select, update

from satark.api.routing import CaseworkError
from satark.services import Services
from satark.store.tables import roster_proposal
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
from satark_desk.recovery import approve_recovery, ask_for_recovery
from satark_desk.roster_changes import reject
from support.desks import end_founding

Run = Callable[..., Result]
SECOND = "another passphrase"


@pytest.fixture
def proposal(services: Services, unlocked: Callable[[str], UnlockedDesk], run: Run) -> str:
    """The id of a proposal by the SP's head. The proposal gives a second officer of the desk the right to release."""
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECOND))
    end_founding(services, unlocked)
    proposed = run("roster", "propose", "role", "sp", "second", "--may-release", by="sp")
    found = re.search(r"is proposed as (\w+)", proposed.stdout)
    assert found, proposed.output
    return found[1]


def rights(services: Services) -> tuple[str, ...]:
    return services.roster_state().desks["sp"].officers["second"].rights


@pytest.mark.slow("keys of several officers")
def test_a_change_is_carried_out_when_an_officer_of_another_desk_signs(
    proposal: str, services: Services, run: Run
) -> None:
    assert rights(services) == ()
    signed = run("roster", "approve", "dig", proposal, by="dig")
    assert (signed.exit_code, "carried out" in signed.stdout) == (0, True), signed.output
    assert rights(services) == ("release",)


@pytest.mark.slow("keys of several officers")
def test_a_withdrawn_proposal_is_gone(
    proposal: str, services: Services, unlocked: Callable[[str], UnlockedDesk], run: Run
) -> None:
    reject(services, unlocked("sp"), proposal)
    again = run("roster", "approve", "sp", proposal, by="sp")
    assert (again.exit_code, "Traceback" in again.output) == (1, False)
    assert rights(services) == ()


@pytest.mark.slow("keys of several officers")
def test_a_proposal_whose_row_somebody_deleted_and_puts_back_is_withdrawn(
    proposal: str, services: Services, unlocked: Callable[[str], UnlockedDesk], run: Run
) -> None:
    (row,) = services.read(lambda c: c.execute(select(roster_proposal)).mappings().all())
    services.write_now(lambda unit: unit.main.execute(delete(roster_proposal)))
    with pytest.raises(CaseworkError, match=r"^there is no such proposal"):
        reject(services, unlocked("sp"), proposal)
    services.write_now(lambda unit: unit.insert(roster_proposal, [dict(row)]))
    refused = run("roster", "approve", "dig", proposal, by="dig")
    assert (refused.exit_code, rights(services)) == (1, ()), refused.output


@pytest.mark.slow("keys of several officers")
def test_an_officer_who_approves_an_id_does_not_sign_a_replacement_of_it(
    proposal: str, services: Services, unlocked: Callable[[str], UnlockedDesk], run: Run
) -> None:
    mole = add_officer(services, unlocked("sp"), NewOfficer(name="mole", passphrase="purana kuan neem ka ped"))
    rows = services.read(lambda c: {row.id: row for row in c.execute(select(roster_proposal)).all()})
    other = rows[mole.id[:16]]
    swapped = update(roster_proposal).where(roster_proposal.c.id == proposal[:16])
    swapped = swapped.values(entry=other.entry, attachment=other.attachment)
    services.write_now(lambda unit: unit.main.execute(swapped))
    refused = run("roster", "approve", "dig", proposal, by="dig")
    assert (refused.exit_code, "no such proposal" in refused.output) == (1, True)
    assert "mole" not in services.roster_state().desks["sp"].officers


@pytest.mark.slow("keys of several officers")
def test_an_office_signs_the_text_of_a_proposal_and_no_other_text(proposal: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "proposal"
    file.write_text(run("roster", "text", proposal).stdout, "utf-8")
    signed = run("roster", "sign", "dig", file, by="dig")
    assert '"desk":"dig"' in signed.stdout
    assert re.fullmatch(
        rf"you sign {proposal}: desk sp has officer second \(may release\): [0-9a-f ]{{24}}\n", signed.stderr
    )
    file.write_text("junk")
    refused = run("roster", "sign", "dig", file, by="dig")
    assert (refused.exit_code, "no proposal" in refused.stderr) == (1, True)
    assert run("roster", "approve", "sp", proposal).exit_code == 2


@pytest.mark.slow("a whole desk")
def test_a_new_key_is_named_and_signed_with_its_code(
    services: Services,
    unlocked: Callable[[str], UnlockedDesk],
    run: Run,
    passphrase_file: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    add_officer(services, unlocked("sp"), NewOfficer(name="second", passphrase=SECOND))
    end_founding(services, unlocked)
    new = "purana kuan neem ka ped"
    asked = ask_for_recovery(services, "sp", "second", new)
    fingerprint, code = asked.fingerprint, asked.code
    id_ = approve_recovery(services, unlocked("sp"), "second", code).id
    untyped = run("roster", "approve", "dig", id_, by="dig")
    act = f"this gives officer second of desk sp a new key ({fingerprint}), asked for by sp-1: sign it with --code-file"
    assert (untyped.exit_code, act in untyped.stderr) == (1, True), untyped.output
    wrong = run("roster", "approve", "dig", id_, "--code-file", passphrase_file("0000-0000"), by="dig")
    assert (wrong.exit_code, "types its code" in wrong.stderr) == (1, True)
    file = tmp_path / "proposal"
    file.write_text(run("roster", "text", id_).stdout, "utf-8")
    assert act in run("roster", "sign", "dig", file, by="dig").stderr
    assert '"code":"' in run("roster", "sign", "dig", file, "--code-file", passphrase_file(code), by="dig").stdout
    assert (
        "all have signed" in run("roster", "approve", "dig", id_, "--code-file", passphrase_file(code), by="dig").stdout
    )
    assert run("desk", "tips", "sp", by="sp").exit_code == 0
    assert run("desk", "tips", "sp", "--passphrase-file", passphrase_file(new)).exit_code == 0
