"""Passphrases: strength, and keys wrapped under them."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from satark_desk import passphrases
from satark_desk.passphrases import WeakPassphrase, check_passphrase, new_passphrase
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography


@pytest.mark.slow("the real cost of Argon2")
def test_a_passphrase_guess_has_the_cost_that_rfc_9106_recommends(
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


NAMES = ("sp", "Superintendent of Police", "Ramesh Yadav")


@pytest.mark.parametrize(
    ("passphrase", "advice"),
    [
        ("12345678", "weak.password"),
        ("123456789012", "weak.password"),
        ("Passw0rd@12345", "weak.password"),
        ("qwertyuiop[]", "weak.keyboard"),
        ("jaishriram123", "weak.words"),
        ("Jai Shri Ram 123", "weak.words"),
        ("bharat mata ki jai", "weak.words"),
        ("भारत माता की जय", "weak.words"),
        ("नमस्ते भारत माता", "weak.words"),
        ("Ramesh Yadav sp 1", "weak.words"),
        ("Superintendent of Police", "weak.words"),
        ("Varanasi@2026", "weak.words"),
        ("Bhelupur-221005", "weak.words"),
        ("aaaaaaaaaaaaaaaa", "weak.repeat"),
        ("26111998 26111998", "weak.date"),
        ("x9!Kq", "weak.short"),
        ("", "weak.short"),
    ],
)
def test_passwords_that_guessers_try_first_are_refused_with_advice(passphrase: str, advice: str) -> None:
    with pytest.raises(WeakPassphrase) as refused:
        check_passphrase(passphrase, NAMES, Geography.sample())
    assert refused.value.advice == advice
    for language in ("en", "hi"):
        assert Catalogues.of("satark_desk.web")[language].text(advice, n=12)
    assert passphrase not in str(refused.value) or not passphrase


@pytest.mark.parametrize(
    "passphrase",
    [
        "purana kuan neem ka ped",
        "पुराना कुआँ नीम का पेड़",
        "correct horse battery staple",
        "x9!Kq-7vTz#Lm2",
        "dig passphrase 1",
    ],
)
def test_unrelated_words_and_random_characters_are_accepted(passphrase: str) -> None:
    check_passphrase(passphrase, NAMES, Geography.sample())


def test_a_name_makes_a_passphrase_weak_only_for_its_bearer() -> None:
    check_passphrase("kasturi brindavanam", ("sp",))
    with pytest.raises(WeakPassphrase):
        check_passphrase("kasturi brindavanam", ("sp", "Kasturi Brindavanam"))


def test_checks_in_parallel_do_not_mix_their_names() -> None:
    def refuses(number: int) -> bool:
        try:
            check_passphrase("kasturi brindavanam", ("Kasturi Brindavanam" if number % 2 else "sp",))
        except WeakPassphrase:
            return True
        return False

    with ThreadPoolExecutor(4) as callers:
        assert list(callers.map(refuses, range(40))) == [bool(number % 2) for number in range(40)]


@pytest.mark.slow("keys of several officers")
def test_made_passphrases_are_strong() -> None:
    for _ in range(20):
        check_passphrase(new_passphrase(), NAMES)
