"""The gate: a machine's work or a short wait opens it, once, for one purpose; whatever else comes is refused calmly."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import altcha
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satark_web_form.gate.gate import PROOF_MOST, Gate, Offer, Verdict
from satark_web_form.gate.settings import GateSettings

KEY = bytes(range(32))
START = 4_000_000_000.0
"""Far ahead, since the ALTCHA library has a clock of its own, by which nothing may have expired."""
EASY = GateSettings(gate_cost=1000, gate_guesses=2, gate_wait_seconds=20, gate_waits_per_minute=2)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(tmp_path: Path, clock: Clock) -> Gate:
    return Gate(KEY, tmp_path / "gate", EASY, clock)


def solve(offer: Offer, **changed: Any) -> str:
    """Do the work of an offer as ALTCHA's own solver does it."""
    outline = json.loads(offer.challenge)
    challenge = altcha.Challenge.from_dict(outline)
    solution = altcha.solve_challenge(challenge)
    assert solution
    outline["parameters"] |= changed
    return base64.b64encode(json.dumps({"challenge": outline, "solution": solution.to_dict()}).encode()).decode()


async def test_work_opens_the_gate_once(gate: Gate) -> None:
    proof = solve(gate.offer("tip"))
    assert (await gate.check(proof, "tip")).passed
    assert await gate.check(proof, "tip") == Verdict("wrong")


async def test_a_proof_used_in_one_process_is_used_in_all(gate: Gate, tmp_path: Path, clock: Clock) -> None:
    proof = solve(gate.offer("tip"))
    other = Gate(KEY, tmp_path / "gate", EASY, clock)
    assert (await other.check(proof, "tip")).passed
    assert not (await gate.check(proof, "tip")).passed


async def test_a_proof_written_otherwise_is_still_the_same_proof(gate: Gate) -> None:
    proof = solve(gate.offer("tip"))
    again = base64.b64encode(json.dumps(json.loads(base64.b64decode(proof)), indent=1).encode()).decode()
    assert again != proof
    assert (await gate.check(proof, "tip")).passed
    assert not (await gate.check(again, "tip")).passed


async def test_work_for_one_purpose_does_not_open_another(gate: Gate) -> None:
    assert await gate.check(solve(gate.offer("tip")), "mailbox") == Verdict("wrong")


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
async def test_a_challenge_made_easier_is_wrong(gate: Gate, changed: dict[str, Any]) -> None:
    assert await gate.check(solve(gate.offer("tip"), **changed), "tip") == Verdict("wrong")


async def test_a_wrong_solution_is_wrong(gate: Gate) -> None:
    payload = json.loads(base64.b64decode(solve(gate.offer("tip"))))
    payload["solution"]["derivedKey"] = "00" * 32
    assert await gate.check(base64.b64encode(json.dumps(payload).encode()).decode(), "tip") == Verdict("wrong")


async def test_a_challenge_of_another_installation_is_wrong(gate: Gate, tmp_path: Path, clock: Clock) -> None:
    other = Gate(bytes(32), tmp_path / "other", EASY, clock)
    assert await gate.check(solve(other.offer("tip")), "tip") == Verdict("wrong")


async def test_old_work_has_expired(tmp_path: Path) -> None:
    past = Gate(KEY, tmp_path, EASY, lambda: 1_000_000_000.0)
    assert await past.check(solve(past.offer("tip")), "tip") == Verdict("expired")


# ----------------------------------------------------------------- without JavaScript


async def test_a_ticket_is_good_after_its_wait_and_once(gate: Gate, clock: Clock) -> None:
    ticket = gate.offer("tip").ticket
    assert await gate.check(ticket, "tip") == Verdict("early", wait=21)
    clock.now += 20
    assert (await gate.check(ticket, "tip")).passed
    assert not (await gate.check(ticket, "tip")).passed


async def test_a_ticket_is_good_for_its_purpose_and_time_alone(gate: Gate, clock: Clock) -> None:
    ticket = gate.offer("tip").ticket
    clock.now += 60
    assert await gate.check(ticket, "mailbox") == Verdict("wrong")
    clock.now += 3600
    assert await gate.check(ticket, "tip") == Verdict("expired")


async def test_waiting_opens_the_gate_only_so_often_a_minute_for_everybody(gate: Gate, clock: Clock) -> None:
    tickets = [gate.offer("tip").ticket for _ in range(3)]
    clock.now += 60
    first, second, third = [await gate.check(ticket, "tip") for ticket in tickets]
    assert first.passed
    assert second.passed
    assert third.result == "busy"
    clock.now += third.wait
    assert (await gate.check(tickets[2], "tip")).passed


async def test_a_used_ticket_takes_no_place(gate: Gate, clock: Clock) -> None:
    used, fresh = gate.offer("tip").ticket, gate.offer("tip").ticket
    clock.now += 60
    for _ in range(5):
        await gate.check(used, "tip")
    assert (await gate.check(fresh, "tip")).passed


async def test_those_who_work_pass_when_no_place_is_left(gate: Gate, clock: Clock) -> None:
    tickets = [gate.offer("tip").ticket for _ in range(3)]
    clock.now += 60
    for ticket in tickets:
        await gate.check(ticket, "tip")
    assert (await gate.check(solve(gate.offer("tip")), "tip")).passed


# ----------------------------------------------------------------- hostile


def wrapped(value: object) -> str:
    """Give a value as a proof is written."""
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "x",
        "é",
        "\ud800",
        "A" * (PROOF_MOST + 1),
        base64.b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(bytes(48)).decode(),
        wrapped([]),
        wrapped(None),
        wrapped({"challenge": "x", "solution": {}}),
        wrapped({"challenge": {"parameters": []}, "solution": {"counter": 1, "derivedKey": ""}}),
        wrapped({"challenge": {"parameters": {"algorithm": 1, "nonce": [], "salt": {}, "cost": "1"}, "signature": 1},
                 "solution": {"counter": {}, "derivedKey": []}}),
    ],
    ids=range(12),
)  # fmt: skip
async def test_whatever_is_no_proof_is_wrong(gate: Gate, proof: str) -> None:
    assert await gate.check(proof, "tip") == Verdict("wrong")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["challenge", "parameters", "solution", "signature", "counter", "nonce", "salt", "cost"]), inner
)))  # fmt: skip
def test_no_json_gets_through_or_breaks_it(gate: Gate, value: object) -> None:
    assert not gate._check_work(wrapped(value), "tip").passed


async def test_what_is_kept_is_swept_and_names_no_proof(gate: Gate, clock: Clock, tmp_path: Path) -> None:
    offer = gate.offer("tip")
    proof = solve(offer)
    await gate.check(proof, "tip")
    clock.now += 60
    await gate.check(offer.ticket, "tip")
    kept = [path for path in (tmp_path / "gate").rglob("*") if path.is_file()]
    assert sorted(len(path.name) for path in kept) == [1, 64, 64], "a place and two hashes"
    assert not any(path.stat().st_size for path in kept)
    clock.now += 3700
    await gate.check(solve(gate.offer("mailbox")), "mailbox")
    left = [path for path in (tmp_path / "gate").rglob("*") if path.is_file()]
    assert len(left) == 1
    assert left[0] not in kept
