"""The voice note of a prompt: clips of fixed texts, digits one by one, and never anybody's own words."""

from __future__ import annotations

import pytest

from satark.api.prompt import Capabilities, Choice, Prompt, ReceiptPicture, VoiceNote, clip_name
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.rendering.chat_voice_notes import ReadAloud, every_phrase, illustrated, words_of
from satark.dialogue.rendering.every_prompt import every_prompt
from satark.dialogue.rendering.fit import fit
from satark.speech.voice_notes import PAUSE
from satark_words.geography.geography import Geography

BUTTONS = Capabilities(
    kind="chat", text=4096, body=1024, buttons=3, button_label=20, rows=10, row_label=24, menu_label=20, token=200
)
KEYBOARD = Capabilities(kind="chat", text=4096, body=4096, buttons=100, button_label=64, token=64, unit="utf16")


@pytest.fixture(scope="module")
def lines() -> dict[str, str]:
    """Every clip that can be recorded, with name and text."""
    found = every_phrase(default_flow().catalogues, Geography.sample())
    return {clip_name(*line): line[1] for line in found} | {PAUSE: "|"}


@pytest.fixture(scope="module")
def read_aloud(lines: dict[str, str]) -> ReadAloud:
    return ReadAloud(default_flow().catalogues, Geography.sample(), lines.keys)


def heard(note: VoiceNote | None, lines: dict[str, str]) -> str:
    """Return a note as text, part by part."""
    assert note
    return " ".join(lines[part] if isinstance(part, str) else f"[{part[0]}: {part[1]}]" for part in note.parts)


def test_the_digits_of_a_code_but_not_of_a_tips_number_are_read_one_by_one(
    read_aloud: ReadAloud, lines: dict[str, str], engine: Engine
) -> None:
    code = "8391 4460 7012 5538"
    text = engine._loaded.catalogues["en"].text("receipt", number="4K7Q-2XPM", code=code)
    button = Choice("@receipt:8391446070125538:0", "🔊 Hear the answer")
    caption = engine._loaded.catalogues["en"].text("aloud.receipt")
    picture = ReceiptPicture(code=code, caption=caption, button=button)
    prompt = Prompt(text=text, language="en", must_arrive=True, receipt=picture)
    note = read_aloud.note(prompt, prompt)
    said = heard(note, lines)
    assert "8 3 9 1 | 4 4 6 0 | 7 0 1 2 | 5 5 3 8" in said
    assert "4K7Q" not in said
    assert said.index("5 5 3 8") < said.index(engine._loaded.catalogues["en"].text("aloud.receipt.aloud"))
    assert note
    assert note.once, "nobody else hears this code"


def test_choices_are_spoken_with_their_shown_numbers(read_aloud: ReadAloud, lines: dict[str, str]) -> None:
    labels = ("Illegal liquor / drugs", "Illegal arms")
    choices = tuple(Choice(f"category:{code}:1", label) for code, label in zip(("INTOX", "ARMS"), labels, strict=True))
    fitted = read_aloud.fit(Prompt(text="When?", language="en", choices=choices), BUTTONS, fit)
    assert [choice.label for choice in fitted.choices] == ["1 🍾 Illegal liquor…", "2 🔫 Illegal arms"]
    said = heard(fitted.spoken, lines)
    assert said.startswith("When? | ")
    assert said.endswith("| 1 Liquor, drugs | 2 Arms")
    assert fitted.spoken
    assert not fitted.spoken.once


@pytest.mark.parametrize("own", ["Ramesh of Shivpur runs it", "रमेश चलाता है", "भैंसासुर का रमेश लंका"])
def test_no_voice_speaks_a_tipsters_own_words(own: str, read_aloud: ReadAloud, lines: dict[str, str]) -> None:
    prompt = Prompt(text=f"What happens: {own}", language="en", police_words=())
    note = read_aloud.note(prompt, prompt)
    assert note
    assert all(isinstance(part, str) for part in note.parts)
    assert "Your own words." in heard(note, lines)
    assert note.once, "it is read out to nobody else"


def test_the_synthetic_voice_speaks_the_words_of_the_police(read_aloud: ReadAloud, lines: dict[str, str]) -> None:
    words = "गिरोह पकड़ा गया।\nधन्यवाद।"
    prompt = Prompt(text=f"Police: {words}\n\nWhen?", language="en", police_words=(words,))
    said = heard(read_aloud.note(prompt, prompt), lines)
    assert f"[hi: {words}] | When?" in said


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_every_prompt_of_the_flow_can_be_spoken_and_still_fits(
    channel: str, read_aloud: ReadAloud, lines: dict[str, str]
) -> None:
    source = default_flow()
    medium = BUTTONS if channel == "whatsapp" else KEYBOARD
    for name, prompt in every_prompt(load_flow(source), source.catalogues, Geography.sample(), channel):
        fitted = read_aloud.fit(prompt, medium, fit)
        said = heard(fitted.spoken, lines)
        assert all(words_of(choice.label) for choice in fitted.choices), name
        labels = [choice.label for choice in (*fitted.choices, *fitted.actions)]
        assert len(set(labels)) == len(labels), f"{name}: two choices look alike"
        limit = medium.button_label if not medium.rows else medium.row_label
        assert all(len(label) <= limit for label in labels), name
        shown = {choice.token for choice in fitted.choices}
        for choice in (choice for choice in prompt.choices if choice.token in shown):
            alone = Prompt(text=choice.label, language=prompt.language)
            assert heard(read_aloud.note(alone, alone), lines) in said, name


def test_a_wording_for_the_ear_is_one_line_that_stands_for_a_text() -> None:
    wrong = [
        (texts.language, key)
        for texts in default_flow().catalogues
        for key in texts
        if key.endswith(".aloud") and ({*"{}\n"} & {*texts.get(key)} or key.removesuffix(".aloud") not in texts)
    ]
    assert wrong == []


def test_a_wording_for_the_ear_leaves_other_texts_spoken(read_aloud: ReadAloud, lines: dict[str, str]) -> None:
    for texts in default_flow().catalogues:
        for key in texts:
            if not key.endswith((".words", ".aloud", ".sms", ".voice", ".web_form")) and words_of(texts.get(key)):
                prompt = Prompt(text=texts.get(key), language=texts.language)
                assert heard(read_aloud.note(prompt, prompt), lines), key


def test_a_picture_stands_before_each_action_and_the_tokens_stay() -> None:
    actions = (Choice("what:@skip:1", "Skip"), Choice("what:@back:1", "Back"))
    shown = illustrated(Prompt(text="?", language="en", actions=actions), BUTTONS)
    assert [action.label for action in shown.actions] == ["⏭ Skip", "↩ Back"]
    assert [action.token for action in shown.actions] == [action.token for action in actions]


def test_a_line_without_a_clip_is_left_out(lines: dict[str, str]) -> None:
    some = {name for name, text in lines.items() if words_of(text) != ("when",)}
    read_aloud = ReadAloud(default_flow().catalogues, Geography.sample(), lambda: some)
    prompt = Prompt(text="When?", language="en")
    assert read_aloud.note(prompt, prompt) is None


def test_news_sounds_the_same_for_everybody(read_aloud: ReadAloud, engine: Engine) -> None:
    news = engine.news_notice("hi")
    note = read_aloud.note(news, news)
    assert note
    assert not note.once
