"""A proof is used once, a place is taken by one, and both are deleted when their time is over."""

from __future__ import annotations

from pathlib import Path

from satark_web_form.proof_of_work.claims import FreeBudget, UsedProofs, WaitingPlaces, claim


def test_one_process_alone_claims_a_file(tmp_path: Path) -> None:
    assert [claim(tmp_path / "folder", "name") for _ in range(3)] == [True, False, False]


def test_a_proof_is_used_once_until_it_expires(tmp_path: Path) -> None:
    proofs = UsedProofs(tmp_path)
    assert not proofs.was_used(b"proof", 600)
    assert [proofs.use(b"proof", 600), UsedProofs(tmp_path).use(b"proof", 600)] == [True, False]
    proofs.delete_expired(600)
    assert proofs.was_used(b"proof", 600)
    proofs.delete_expired(660)
    assert not proofs.was_used(b"proof", 600)


def test_places_of_a_minute_are_given_out_first_come_first_served(tmp_path: Path) -> None:
    places = WaitingPlaces(tmp_path, queue_minutes=1, kept_minutes=1)
    assert [places.take(0, "tip", owner, 1) for owner in (b"a", b"b", b"c")] == [0, 60, None]
    assert places.take(30, "tip", b"b", 1) == 30, "the owner keeps the place"
    assert places.take(0, "mailbox", b"c", 1) == 0, "each purpose has its own places"


def test_an_owner_who_has_used_a_place_needs_a_new_one(tmp_path: Path) -> None:
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
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_budget_is_used_up_and_refills() -> None:
    now = [0.0]
    budget = FreeBudget(60, clock=lambda: now[0])
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False]
    assert budget.is_empty
    now[0] += 2
    assert [budget.take() for _ in range(3)] == [True, True, False]
    now[0] += 3600
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False], "it does not pile up"
