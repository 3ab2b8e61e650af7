"""Words with another spelling or ending are recognised, and words that only look alike are not."""

from __future__ import annotations

from satark_words.spelling import NearSounds, is_urdu, lacks_vowels, may_meet, plain, singulars, stem_of, stems
from satark_words.tokens import keys, sound_of
from support.loops import every_row


@every_row("verb", ["bhejunga", "भेजूँगा", "bhejte", "भेजना", "bhejiyega"])
def test_a_verb_in_any_form_and_script_has_its_stem(verb: str) -> None:
    assert "bej" in set(stems(sound_of(verb)))


@every_row("noun, singular", [("juariyon", "juari"), ("dukano", "dukana"), ("लड़के", "लड़का")])
def test_a_plural_has_its_singular(noun: str, singular: str) -> None:
    assert sound_of(singular) in set(singulars(sound_of(noun), english=False))


def test_english_endings_are_removed_only_from_english_words() -> None:
    assert "robery" in set(singulars("roberies", english=True))
    assert "robery" not in set(singulars("roberies", english=False))


def test_forms_of_a_word_without_their_last_vowels_are_one() -> None:
    assert {plain(sound_of(word)) for word in ("batata", "batati", "batate")} == {"batat"}
    assert stem_of("batata") == "batat"
    assert stem_of("ata") == "", "too short for a stem"


def test_a_short_word_of_urdu_script_matches_no_other_word() -> None:
    assert is_urdu("شراب")
    assert may_meet("شراب", "sharab", 5)
    assert not may_meet("مت", "mat", 3)
    assert may_meet("mat", "mut", 3)


@every_row("word, lacks", [("mrdngl", True), ("sharab", False), ("ok", False)])
def test_a_word_of_a_short_message_may_lack_its_vowels(word: str, lacks: bool) -> None:  # noqa: FBT001 - pytest's
    assert lacks_vowels(word, keys(word)) is lacks


def test_a_long_word_a_letter_off_is_near_and_a_short_one_is_not() -> None:
    near = NearSounds(["pistol", "katta"])
    assert list(near.of("pistal")) == ["pistol"]
    assert list(near.of("kattu")) == []
