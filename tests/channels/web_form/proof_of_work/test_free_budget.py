"""So much a minute is free, of everybody together."""

from satark_web_form.proof_of_work.free_budget import FreeBudget


def test_a_budget_is_used_up_and_refills() -> None:
    now = [0.0]
    budget = FreeBudget(60, clock=lambda: now[0])
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False]
    assert budget.is_empty
    now[0] += 2
    assert [budget.take() for _ in range(3)] == [True, True, False]
    now[0] += 3600
    assert [budget.take() for _ in range(61)] == [True] * 60 + [False], "it does not pile up"
