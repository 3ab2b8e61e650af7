"""A proof of work or a delay ticket is valid once, for one purpose; anything else is refused."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
from pathlib import Path
from typing import Any

import altcha
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark_files.file_store import FolderStore
from satark_web_form.channel import WebFormChannel
from satark_web_form.proof_of_work.proof_of_work import (
    MAX_PROOF_CHARACTERS,
    QUEUE_MINUTES,
    FreeBudget,
    ProofChallenge,
    ProofOfWork,
    UsedProofs,
    Verification,
    WaitingPlaces,
    claim,
    delete_expired,
    new_ticket,
    read_ticket,
    write_ticket,
)
from satark_web_form.settings import ProofOfWorkSettings, UploadSettings
from satark_web_form.uploads.upload_store import UploadStore

KEY = bytes(range(32))
START = 4_000_000_000.0
"""A time in the future: the ALTCHA library uses the real clock, on which nothing may have expired."""
EASY = ProofOfWorkSettings(proof_cost=1000, proof_guesses=2, proof_wait_seconds=20, proof_waits_per_minute=2)


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def proof_of_work(tmp_path: Path, clock: Clock) -> ProofOfWork:
    return ProofOfWork(KEY, tmp_path / "proofs", EASY, clock)


def solve(challenge: ProofChallenge, **changed: Any) -> str:
    """Solve a challenge with ALTCHA's own solver."""
    outline = json.loads(challenge.work)
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(outline))
    assert solution
    outline["parameters"] |= changed
    return base64.b64encode(json.dumps({"challenge": outline, "solution": solution.to_dict()}).encode()).decode()


async def test_a_proof_is_valid_once(proof_of_work: ProofOfWork) -> None:
    proof = solve(proof_of_work.challenge("tip"))
    assert (await proof_of_work.check(proof, "tip")).valid
    assert await proof_of_work.check(proof, "tip") == Verification("invalid")


async def test_a_proof_used_in_one_process_is_used_in_all(
    proof_of_work: ProofOfWork, tmp_path: Path, clock: Clock
) -> None:
    proof = solve(proof_of_work.challenge("tip"))
    other = ProofOfWork(KEY, tmp_path / "proofs", EASY, clock)
    assert (await other.check(proof, "tip")).valid
    assert not (await proof_of_work.check(proof, "tip")).valid


async def test_a_reformatted_proof_is_the_same_proof(proof_of_work: ProofOfWork) -> None:
    proof = solve(proof_of_work.challenge("tip"))
    again = base64.b64encode(json.dumps(json.loads(base64.b64decode(proof)), indent=1).encode()).decode()
    assert again != proof
    assert (await proof_of_work.check(proof, "tip")).valid
    assert not (await proof_of_work.check(again, "tip")).valid


async def test_a_proof_for_one_purpose_is_invalid_for_another(proof_of_work: ProofOfWork) -> None:
    assert await proof_of_work.check(solve(proof_of_work.challenge("tip")), "mailbox") == Verification("invalid")


@pytest.mark.parametrize(
    "changed",
    [
        {"cost": 1},
        {"keyPrefix": ""},
        {"expiresAt": 9_000_000_000},
        {"expiresAt": None},
        {"algorithm": "SHA-256"},
        {"data": {"for": "mailbox"}},
        {"data": []},
        {"keySignature": None},
    ],
    ids=str,
)
async def test_an_altered_challenge_is_invalid(proof_of_work: ProofOfWork, changed: dict[str, Any]) -> None:
    assert await proof_of_work.check(solve(proof_of_work.challenge("tip"), **changed), "tip") == Verification("invalid")


async def test_a_wrong_solution_is_invalid(proof_of_work: ProofOfWork) -> None:
    payload = json.loads(base64.b64decode(solve(proof_of_work.challenge("tip"))))
    payload["solution"]["derivedKey"] = "00" * 32
    assert await proof_of_work.check(base64.b64encode(json.dumps(payload).encode()).decode(), "tip") == Verification(
        "invalid"
    )


async def test_a_challenge_of_another_installation_is_invalid(
    proof_of_work: ProofOfWork, tmp_path: Path, clock: Clock
) -> None:
    other = ProofOfWork(bytes(32), tmp_path / "other", EASY, clock)
    assert await proof_of_work.check(solve(other.challenge("tip")), "tip") == Verification("invalid")


async def test_an_old_proof_has_expired(tmp_path: Path) -> None:
    past = ProofOfWork(KEY, tmp_path, EASY, lambda: 1_000_000_000.0)
    assert await past.check(solve(past.challenge("tip")), "tip") == Verification("expired")


# ----------------------------------------------------------------- without JavaScript


async def test_a_ticket_is_valid_once_after_its_delay(proof_of_work: ProofOfWork, clock: Clock) -> None:
    ticket = proof_of_work.challenge("tip").ticket
    assert await proof_of_work.check(ticket, "tip") == Verification("early", wait=21)
    clock.now += 20
    assert (await proof_of_work.check(ticket, "tip")).valid
    assert not (await proof_of_work.check(ticket, "tip")).valid


async def test_a_ticket_is_valid_for_its_purpose_until_it_expires(proof_of_work: ProofOfWork, clock: Clock) -> None:
    ticket = proof_of_work.challenge("tip").ticket
    clock.now += 60
    assert await proof_of_work.check(ticket, "mailbox") == Verification("invalid")
    clock.now += 3600
    assert await proof_of_work.check(ticket, "tip") == Verification("expired")


async def test_a_limited_number_of_tickets_is_valid_per_minute(proof_of_work: ProofOfWork, clock: Clock) -> None:
    tickets = [proof_of_work.challenge("tip").ticket for _ in range(3)]
    clock.now += 60
    first, second, third = [await proof_of_work.check(ticket, "tip") for ticket in tickets]
    assert first.valid
    assert second.valid
    assert third.status == "queued"
    clock.now += third.wait
    assert (await proof_of_work.check(tickets[2], "tip")).valid


async def test_the_first_browser_keeps_its_place_in_the_queue(proof_of_work: ProofOfWork, clock: Clock) -> None:
    tickets = [proof_of_work.challenge("tip").ticket for _ in range(9)]
    clock.now += 60 - clock.now % 60
    first = [await proof_of_work.check(ticket, "tip") for ticket in tickets[:7]]
    assert [one.wait for one in first] == [0, 0, 60, 60, 120, 120, 180]
    again = [await proof_of_work.check(ticket, "tip") for ticket in tickets[2:7]]
    assert again == first[2:]
    clock.now += 120
    assert (await proof_of_work.check(tickets[7], "tip")).wait == 60, "the later ones queue behind"
    assert [(await proof_of_work.check(ticket, "tip")).valid for ticket in tickets[2:6]] == [True] * 4


async def test_a_draft_has_one_place_in_the_queue(proof_of_work: ProofOfWork, clock: Clock) -> None:
    tickets = [proof_of_work.challenge("tip").ticket for _ in range(50)]
    clock.now += 60 - clock.now % 60
    checked = [await proof_of_work.check(ticket, "tip", "greedy") for ticket in tickets]
    assert [one.valid for one in checked[:3]] == [True, True, False]
    assert {one.wait for one in checked[2:]} == {60}
    honest = await proof_of_work.check(proof_of_work.challenge("tip").ticket, "tip", "honest")
    assert honest.status == "early"
    clock.now += 60
    for ticket in tickets[2:]:
        await proof_of_work.check(ticket, "tip", "greedy")
    assert (await proof_of_work.check(proof_of_work.challenge("tip").ticket, "tip", "honest")).wait <= 60


async def test_a_queue_that_is_full_says_so(proof_of_work: ProofOfWork, clock: Clock) -> None:
    tickets = [proof_of_work.challenge("tip").ticket for _ in range(2 * (QUEUE_MINUTES + 1) + 1)]
    clock.now += 60
    checked = [await proof_of_work.check(ticket, "tip") for ticket in tickets]
    assert [one.status for one in checked].count("busy") == 1
    assert checked[-1].status == "busy"


async def test_each_purpose_has_a_budget_of_its_own(proof_of_work: ProofOfWork, clock: Clock) -> None:
    """A flood of free tickets at the mailbox prevents nobody without JavaScript from sending a tip."""
    flood = [proof_of_work.challenge("mailbox").ticket for _ in range(62)]
    tip = proof_of_work.challenge("tip").ticket
    clock.now += 20
    for ticket in flood:
        await proof_of_work.check(ticket, "mailbox")
    assert (await proof_of_work.check(tip, "tip")).valid


async def test_a_used_ticket_takes_no_slot(proof_of_work: ProofOfWork, clock: Clock) -> None:
    used, fresh = proof_of_work.challenge("tip").ticket, proof_of_work.challenge("tip").ticket
    clock.now += 60
    for _ in range(5):
        await proof_of_work.check(used, "tip")
    assert (await proof_of_work.check(fresh, "tip")).valid


async def test_proofs_are_valid_when_no_slot_is_left(proof_of_work: ProofOfWork, clock: Clock) -> None:
    tickets = [proof_of_work.challenge("tip").ticket for _ in range(3)]
    clock.now += 60
    for ticket in tickets:
        await proof_of_work.check(ticket, "tip")
    assert (await proof_of_work.check(solve(proof_of_work.challenge("tip")), "tip")).valid


# ----------------------------------------------------------------- malformed input


def encoded(value: object) -> str:
    """Encode a value as a proof is encoded."""
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "x",
        "é",
        "\ud800",
        "A" * (MAX_PROOF_CHARACTERS + 1),
        base64.b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(bytes(48)).decode(),
        encoded([]),
        encoded(None),
        encoded({"challenge": "x", "solution": {}}),
        encoded({"challenge": {"parameters": []}, "solution": {"counter": 1, "derivedKey": ""}}),
        encoded({"challenge": {"parameters": {"algorithm": 1, "nonce": [], "salt": {}, "cost": "1"}, "signature": 1},
                 "solution": {"counter": {}, "derivedKey": []}}),
    ],
    ids=range(12),
)  # fmt: skip
async def test_a_text_that_is_neither_proof_nor_ticket_is_invalid(proof_of_work: ProofOfWork, proof: str) -> None:
    assert await proof_of_work.check(proof, "tip") == Verification("invalid")


@pytest.mark.slow("a property")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["challenge", "parameters", "solution", "signature", "counter", "nonce", "salt", "cost"]), inner
)))  # fmt: skip
def test_arbitrary_json_is_invalid_and_raises_no_exception(proof_of_work: ProofOfWork, value: object) -> None:
    assert not proof_of_work._check_work(encoded(value), "tip").valid


async def test_used_proofs_are_stored_as_hashes_and_deleted_once_expired(
    proof_of_work: ProofOfWork, clock: Clock, tmp_path: Path
) -> None:
    challenge = proof_of_work.challenge("tip")
    await proof_of_work.check(solve(challenge), "tip")
    clock.now += 60
    await proof_of_work.check(challenge.ticket, "tip")
    stored = links(tmp_path / "proofs")
    assert sorted(len(path.name) for path in stored) == [5, 64, 64], "a place and two hashes"
    assert not any(path.stat().st_size for path in stored)
    delete_expired(tmp_path / "proofs", clock.now + 60)
    assert {len(path.name) for path in links(tmp_path / "proofs")} == {64}, "no place stays, though nobody comes"
    delete_expired(tmp_path / "proofs", clock.now + 7 * 3600)
    assert links(tmp_path / "proofs") == []


async def test_no_used_proof_keeps_the_time_of_its_use(
    proof_of_work: ProofOfWork, clock: Clock, tmp_path: Path
) -> None:
    for purpose in ("draft", "tip"):
        assert (await proof_of_work.check(solve(proof_of_work.challenge(purpose)), purpose)).valid
    used = links(tmp_path / "proofs")
    assert {path.parent.name for path in used} == {str(int(START + 3600) // (6 * 3600))}, "only the band"
    assert len({path.stat().st_ino for path in used}) == 1, "one creation and one change for all"
    assert not [path for path in (tmp_path / "proofs").rglob("*") if path.stat().st_mtime % 86_400]


def links(folder: Path) -> list[Path]:
    """Return the files of proofs and places."""
    return [path for path in folder.rglob("*") if path.is_file() and path.parent != folder]


async def test_the_channel_deletes_what_is_over_when_it_opens(tmp_path: Path) -> None:
    UsedProofs(tmp_path / "proofs").use(b"proof", 600)
    channel = WebFormChannel(UploadStore(FolderStore(tmp_path / "uploads"), UploadSettings()), tmp_path / "proofs")
    await channel.open()
    async with asyncio.timeout(9):
        while links(tmp_path / "proofs"):  # noqa: ASYNC110 - a thread deletes them
            await asyncio.sleep(0.01)
    await channel.close()


def test_one_file_takes_more_names_than_its_file_system_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, most = Path.hardlink_to, 3

    def limited(path: Path, target: Path) -> None:
        if target.stat().st_nlink > most:
            raise OSError(errno.EMLINK, "")
        link(path, target)

    monkeypatch.setattr(Path, "hardlink_to", limited)
    assert [claim(tmp_path, Path("used", str(n % 9))) for n in range(18)] == [True] * 9 + [False] * 9


def test_a_signed_ticket_is_read_back() -> None:
    ticket = new_ticket(10, 20)
    assert read_ticket(KEY, "tip", write_ticket(KEY, "tip", ticket)) == ticket
    assert new_ticket(10, 20).nonce != ticket.nonce


def test_another_key_another_purpose_and_every_altered_byte_are_refused() -> None:
    text = write_ticket(KEY, "tip", new_ticket(10, 20))
    raw = base64.urlsafe_b64decode(text)
    altered = (raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw)))
    assert read_ticket(b"x" * 32, "tip", text) is None
    assert read_ticket(KEY, "mailbox", text) is None
    assert not [one for one in altered if read_ticket(KEY, "tip", base64.urlsafe_b64encode(one).decode())]


@pytest.mark.parametrize("text", ["", "x", "é", "\ud800", "AAAA", base64.urlsafe_b64encode(bytes(48)).decode()])
def test_a_text_that_is_not_a_ticket_is_refused(text: str) -> None:
    assert read_ticket(KEY, "tip", text) is None


def test_only_one_process_claims_a_file(tmp_path: Path) -> None:
    assert [claim(tmp_path, Path("folder", "name")) for _ in range(3)] == [True, False, False]


def test_a_proof_is_used_once_until_it_expires(tmp_path: Path) -> None:
    proofs = UsedProofs(tmp_path)
    assert not proofs.was_used(b"proof", 600)
    assert [proofs.use(b"proof", 600), UsedProofs(tmp_path).use(b"proof", 600)] == [True, False]
    proofs.delete_expired(6 * 3600 - 1)
    assert proofs.was_used(b"proof", 600)
    proofs.delete_expired(6 * 3600)
    assert not proofs.was_used(b"proof", 600)


def test_places_of_a_minute_are_given_out_first_come_first_served(tmp_path: Path) -> None:
    places = WaitingPlaces(tmp_path, queue_minutes=1, kept_minutes=1)
    assert [places.take(0, "tip", owner, 1) for owner in (b"a", b"b", b"c")] == [0, 60, None]
    assert places.take(30, "tip", b"b", 1) == 30, "the owner keeps the place"
    assert places.take(0, "mailbox", b"c", 1) == 0, "each purpose has its own places"


def test_an_owner_who_used_a_place_needs_a_new_place(tmp_path: Path) -> None:
    places = WaitingPlaces(tmp_path, queue_minutes=2, kept_minutes=1)
    assert [places.take(0, "tip", owner, 1) for owner in (b"a", b"b")] == [0, 60]
    assert places.take(60, "tip", b"b", 1) == 0
    places.leave(60, "tip", b"b")
    assert places.take(60, "tip", b"b", 1) == 60


def test_places_of_past_minutes_are_deleted(tmp_path: Path) -> None:
    places = WaitingPlaces(tmp_path, queue_minutes=1, kept_minutes=1)
    for owner in (b"a", b"b"):
        places.take(0, "tip", owner, 1)
    places.delete_expired(600)
    assert links(tmp_path) == []


def test_a_budget_is_used_up_and_refills() -> None:
    now = [0.0]
    budget = FreeBudget(60, clock=lambda: now[0])
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False]
    assert budget.is_empty
    now[0] += 2
    assert [budget.take() for _ in range(3)] == [True, True, False]
    now[0] += 3600
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False], "it does not pile up"
