"""Codes of new keys: what a code signs with depends on the code, on the officer and on the new key."""

from __future__ import annotations

import pytest

from satark.roster.key_codes import KeyCode, new_code

VERIFIER = KeyCode("ab1o-2345", "sp", "khan").verifier("f00d")


@pytest.mark.parametrize("typed", ["AB1O2345", " ab10 2345 ", "ablo-2345", "abi0-2345"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert KeyCode(typed, "sp", "khan").verifier("f00d") == VERIFIER


@pytest.mark.parametrize(
    "other",
    [
        ("ab1o-2346", "sp", "khan", "f00d"),
        ("", "sp", "khan", "f00d"),
        ("ab1o-2345", "dig", "khan", "f00d"),
        ("ab1o-2345", "sp", "rao", "f00d"),
        ("ab1o-2345", "sp", "khan", "f00e"),
    ],
)
def test_another_code_officer_or_key_gives_another_signing_key(other: tuple[str, str, str, str]) -> None:
    code, desk, officer, fingerprint = other
    assert KeyCode(code, desk, officer).verifier(fingerprint) != VERIFIER


def test_codes_are_random_and_are_not_printed() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 9 and code[4] == "-" for code in codes)
    assert "2345" not in repr(KeyCode("ab1o-2345", "sp", "khan"))
