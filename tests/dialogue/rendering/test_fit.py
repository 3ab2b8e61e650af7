"""Fitting prompts to media: nothing is lost, nothing is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.prompt import Capabilities, Choice, Prompt
from satark.dialogue.rendering.fit import fit
from satark_words.graphemes import size

WHATSAPP = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, row_description=72,
    menu_label=20, token=200,
)  # fmt: skip
TELEGRAM = Capabilities(kind="chat", text=4096, body=4096, buttons=8, button_label=64, token=64, unit="utf16")
SMS = Capabilities(kind="sms", text=70, body=70, unit="utf16")


def choices(count: int, prefix: str = "o") -> tuple[Choice, ...]:
    return tuple(Choice(f"s:{prefix}{i}:1", f"{prefix}{i}") for i in range(count))


TURNS = (Choice("s:@more:1", "More"), Choice("s:@less:1", "Back"))


def prompt(count: int, actions: int = 0, page: int = 0, text: str = "Which?") -> Prompt:
    return Prompt(
        text=text, language="en", choices=choices(count), actions=choices(actions, "@a"), turns=TURNS, page=page
    )


def labels(fitted: Prompt) -> list[str]:
    return [choice.label for choice in fitted.choices]


def test_twelve_choices_are_nine_and_more_and_then_the_rest_and_back() -> None:
    assert labels(fit(prompt(12), WHATSAPP)) == [*(f"o{i}" for i in range(9)), "More"]
    assert labels(fit(prompt(12, page=1), WHATSAPP)) == ["o9", "o10", "o11", "Back"]
    assert labels(fit(prompt(12, page=2), WHATSAPP)) == labels(fit(prompt(12), WHATSAPP))
    assert labels(fit(prompt(12, page=-1), WHATSAPP)) == labels(fit(prompt(12, page=1), WHATSAPP))


def test_dont_know_is_on_every_page() -> None:
    unknown = Choice("s:unknown:1", "Don't know")

    def page(at: int) -> list[str]:
        asked = Prompt(text="?", language="en", choices=(*choices(20), unknown), turns=TURNS, page=at)
        return labels(fit(asked, WHATSAPP))

    assert page(0) == [*(f"o{i}" for i in range(8)), "Don't know", "More"]
    assert page(1) == [*(f"o{i}" for i in range(8, 15)), "Don't know", "More", "Back"]
    assert page(2) == [*(f"o{i}" for i in range(15, 20)), "Don't know", "Back"]
    assert page(3) == page(0)


def test_few_choices_are_buttons_and_actions_fill_the_remaining_room() -> None:
    fitted = fit(prompt(2, actions=2), WHATSAPP)
    assert (len(fitted.choices), len(fitted.actions)) == (2, 1)
    assert not fit(prompt(3, actions=2), WHATSAPP).actions


def test_a_label_too_long_for_a_button_goes_into_a_list() -> None:
    long = Prompt(text="?", language="en", choices=(Choice("s:a:1", "x" * 22),), actions=choices(3, "@a"))
    fitted = fit(long, WHATSAPP)
    assert (len(fitted.choices), len(fitted.actions)) == (1, 3)


def test_choices_with_descriptions_stay_a_list() -> None:
    told = Prompt(text="?", language="en", choices=(Choice("s:a:1", "a", "what a is"),), actions=choices(2, "@a"))
    assert len(fit(told, WHATSAPP).actions) == 2


def test_actions_without_choices_are_at_most_as_many_as_the_buttons() -> None:
    assert len(fit(prompt(0, actions=5), TELEGRAM).actions) == 5
    assert fit(prompt(0, actions=2), WHATSAPP).actions == choices(2, "@a")


def test_a_medium_without_buttons_numbers_the_choices_in_the_text() -> None:
    fitted = fit(prompt(3, actions=1), SMS)
    assert fitted.text == "Which?\n1 o0\n2 o1\n3 o2\n@a0"
    assert not fitted.choices
    assert not fitted.actions


def test_numbered_choices_are_paged_by_length_and_keep_their_numbers() -> None:
    pages = [fit(prompt(30, page=page), SMS).text for page in range(6)]
    lines = [line for text in pages[:4] for line in text.split("\n")]
    assert [line for line in lines if line[0].isdigit()] == [f"{i + 1} o{i}" for i in range(30)][: len(lines)]
    assert all(size(text, "utf16") <= 70 for text in pages)
    assert pages[0].startswith("Which?")
    assert pages[0].endswith("More")


def test_a_text_too_long_for_buttons_stays_whole_and_numbers_the_choices() -> None:
    fitted = fit(prompt(3, text="w" * 2000), WHATSAPP)
    assert fitted.text.startswith("w" * 2000)
    assert fitted.text.endswith("3 o2")


def test_only_a_text_that_is_too_long_without_choices_is_clipped() -> None:
    assert fit(prompt(0, text="क्ष" * 3000), WHATSAPP).text.endswith("क्ष…")


def test_labels_too_long_for_a_medium_without_lists_are_numbered() -> None:
    long = Prompt(text="?", language="en", choices=(Choice("s:a:1", "x" * 80),))
    assert fit(long, TELEGRAM).text == f"?\n1 {'x' * 80}"


@pytest.mark.slow("a third of a second of a processor")
@pytest.mark.parametrize("shows", [WHATSAPP, TELEGRAM, SMS])
@given(count=st.integers(0, 40), actions=st.integers(0, 4), page=st.integers(-5, 50), length=st.integers(1, 5000))
def test_every_fitted_prompt_fits(shows: Capabilities, count: int, actions: int, page: int, length: int) -> None:
    fitted = fit(prompt(count, actions, page, "नमस्ते " * (length // 7 + 1)), shows)
    shown = len(fitted.choices) + len(fitted.actions)
    assert shown <= max(shows.buttons, shows.rows)
    assert size(fitted.text, shows.unit) <= (shows.body if shown else shows.text)
    assert not fitted.turns


@given(st.integers(1, 60))
def test_turning_every_page_shows_every_choice_once(count: int) -> None:
    seen: list[str] = []
    for page in range(60):
        fitted = labels(fit(prompt(count, page=page), WHATSAPP))
        seen += [label for label in fitted if label not in {"More", "Back"}]
        if "More" not in fitted:
            break
    assert seen == [f"o{i}" for i in range(count)]
