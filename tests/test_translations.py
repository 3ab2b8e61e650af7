"""Hindi and English have the same texts. Urdu and Bhojpuri are complete too, and off unless a setting names them."""

from __future__ import annotations

import re
from typing import Final

import pytest

from satark.api.prompt import Capabilities
from satark.cli.flow import MEDIA
from satark.cli.language_review import every_part, unapproved
from satark.dialogue.flow.checks import check_flow
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from satark_words.languages import OFFERED, catalogue_of, is_written_in, script_of
from support.loops import every_row
from support.made_up_language import PACKAGES

LANGUAGES: Final = ("bho", "ur")
OTHER_SCRIPT: Final = {"bho": "ARABIC", "ur": "DEVANAGARI"}
HINDI_ALONE: Final = {"sms.carry.latin", "sms.carry.two.latin", "sms.more.latin"}
"""Texts that only Hindi in Latin letters needs."""
_PLACE: Final = re.compile(r"\{\w*\}")
_NUMBER: Final = re.compile(r"(?<!\d)\d{2,}(?!\d)")
_CALL: Final = ("voice", Capabilities(kind="voice", text=4000, body=4000))
_FORM: Final = ("web_form", Capabilities(kind="web", text=100_000, body=100_000))


@pytest.fixture(params=[(package, language) for package in PACKAGES for language in LANGUAGES], ids="-".join)
def translated(request: pytest.FixtureRequest) -> tuple[Catalogue, Catalogue]:
    """A translation, and the English texts."""
    package, code = request.param
    return Catalogues.of(package)[code], Catalogues.of(package)["en"]


@every_row("part", every_part())
def test_hindi_and_english_have_the_same_texts(part: str) -> None:
    hindi, english = (Catalogues.of(part)[code] for code in OFFERED)
    assert (hindi.language, english.language) == OFFERED
    assert sorted((set(hindi) ^ set(english)) - HINDI_ALONE) == []
    assert [key for key in english if hindi.places(key) != english.places(key)] == []


def test_every_text_is_translated(translated: tuple[Catalogue, Catalogue]) -> None:
    """A channel's own wording (`receipt.sms`) may be left out: the common one stands in for it."""
    found, english = translated
    assert found.language in LANGUAGES
    assert set(found) <= set(english)
    assert [key for key in english if key not in found and key.rpartition(".")[0] not in found] == []


def test_every_translation_has_the_placeholders_of_the_english_text(translated: tuple[Catalogue, Catalogue]) -> None:
    found, english = translated
    places = {key: (sorted(_PLACE.findall(one.get(key))) for one in (found, english)) for key in found}
    assert [key for key, (own, theirs) in places.items() if own != theirs] == []


def test_every_number_to_call_and_every_limit_is_there(translated: tuple[Catalogue, Catalogue]) -> None:
    found, english = translated
    numbers = {
        key: (set(_NUMBER.findall(one.get(key))) for one in (found, english))
        for key in found
        if not key.endswith(".words")
    }
    assert [key for key, (own, theirs) in numbers.items() if not theirs <= own] == []


def test_every_text_is_in_its_own_script(translated: tuple[Catalogue, Catalogue]) -> None:
    found, english = translated
    texts = {key: found.get(key) for key in found if not key.endswith(".words")}
    other = OTHER_SCRIPT[found.language]
    foreign = [key for key, text in texts.items() if any(script_of(char) == other for char in text)]
    latin = [key for key, text in texts.items() if script_of(text) and not is_written_in(text, found.language)]
    assert foreign == []
    assert all(found.get(key) == english.get(key) for key in latin), latin


def test_every_prompt_fits_on_every_channel() -> None:
    source = default_flow((*OFFERED, *LANGUAGES))
    problems = list(check_flow(load_flow(source), source.catalogues, (*MEDIA, _CALL, _FORM), Geography.sample()))
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_machine_made_language_says_so_and_is_off(code: str) -> None:
    assert code not in OFFERED
    unread, texts = unapproved(code)
    assert unread == texts > 0
    for package in PACKAGES:
        assert "Machine-made, not yet read by a native" in catalogue_of(package, code)
