"""Named persons: two names identify a person; a verb that sounds like a surname identifies nobody."""

from __future__ import annotations

import pytest

from satark.casework.related.persons import persons_in


@pytest.mark.parametrize("text", ["रामू राय दारू बेचता है", "Ramu Rai sharab bechta hai", "सट्टा रामू राय चलाता है"])
def test_a_given_name_with_a_surname_is_a_person_in_either_script(text: str) -> None:
    assert [person.key for person in persons_in(text)] == ["ramu rai"]


@pytest.mark.parametrize(
    "text",
    [
        "कच्ची शराब बन रही है",
        "pistol ban rahi hai",
        "कालू कहाँ मिलेगा",
        "munna khana banata hai",
        "कालू सोना चुराता है",
        "दो पल रुकते हैं",
    ],
)
def test_a_word_that_sounds_like_a_surname_names_nobody(text: str) -> None:
    assert list(persons_in(text)) == []
