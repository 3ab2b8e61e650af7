"""Passphrases: strength, and keys wrapped under them."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from satark_desk import passphrases
from satark_desk.passphrases import new_passphrase


@pytest.mark.slow("the real cost of Argon2")
def test_a_passphrase_guess_costs_what_rfc_9106_recommends(
    monkeypatch: pytest.MonkeyPatch, real_passphrase_cost: tuple[int, int]
) -> None:
    monkeypatch.setattr(passphrases, "MEMORY_KIB", real_passphrase_cost[0])
    monkeypatch.setattr(passphrases, "PASSES", real_passphrase_cost[1])
    wrapped = passphrases.wrap("secret", "a passphrase", "here")
    assert (wrapped.memory_kib, wrapped.passes, len(wrapped.salt)) == (64 * 1024, 3, 16)
    assert passphrases.unwrap(wrapped, "a passphrase", "here") == "secret"
    assert passphrases.unwrap(wrapped, "a passphrase", "there") is None
    assert passphrases.unwrap(wrapped, "another", "here") is None


def test_a_key_wrapped_at_another_cost_can_be_unwrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = passphrases.wrap("secret", "a passphrase", "here")
    monkeypatch.setattr(passphrases, "MEMORY_KIB", 128)
    assert passphrases.unwrap(wrapped, "a passphrase", "here") == "secret"


def test_keys_open_in_parallel() -> None:
    new = passphrases.wrap("secret", "a passphrase", "here")
    with ThreadPoolExecutor(16) as callers:
        opened = callers.map(lambda key: passphrases.unwrap(key, "a passphrase", "here"), [new] * 30, timeout=60)
        assert set(opened) == {"secret"}


def test_composed_and_decomposed_characters_are_the_same_passphrase() -> None:
    composed = unicodedata.normalize("NFC", "Café क़ानून")
    wrapped = passphrases.wrap("secret", composed, "here")
    assert passphrases.unwrap(wrapped, unicodedata.normalize("NFD", composed), "here") == "secret"


def test_new_passphrases_are_long_and_differ() -> None:
    made = {new_passphrase() for _ in range(100)}
    assert len(made) == 100
    for passphrase in made:
        assert [len(group) for group in passphrase.split("-")] == [4] * 6
        assert not set(passphrase) & set("ilou")
