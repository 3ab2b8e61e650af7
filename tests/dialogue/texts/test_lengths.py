"""Texts are short, since people in fear read little: each has a limit in every language."""

from __future__ import annotations

import re

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from support.loops import every_row

FIRST_ANSWER = 350
FIRST_REPLY = 500
"""Characters of a screen 320 pixels wide."""
FIRST_REPLY_WITH_THE_REST = 560
"""The review's form if identifying words are erased: the rest is shown whole, since one tap sends it."""
BUTTONS = 3
TOLD_AT_ONCE = [
    "लंका थाने के पास स्कूल के पीछे रोज रात को शराब बिकती है",
    "सिगरा में होटल के कमरे में जुआ होता है, दस-बारह लोग हर शनिवार को आते हैं और लाखों का दाँव लगता है",
    "चौबेपुर थाना क्षेत्र में रात दो बजे से सुबह तक गंगा किनारे जेसीबी से बालू निकाली जाती है, पुलिस वाले पैसे लेते हैं",
    "मिर्जामुराद में ट्रक वालों से हर रात वसूली होती है और चौकी के सिपाही खड़े रहते हैं",
    "कॉलेज के बाहर लड़के रोज लड़कियों को छेड़ते हैं, भेलूपुर",
    "पिकअप में गाय भरकर रात को ले जाते हैं, चंदौली के पास",
    "परसों कैंट में चेन छीनने वाले दो लड़के यहाँ किराए पर रहते हैं",
    "Sigra me school ke piche roz raat ko daru bikti hai",
    "Lanka me ek ladka smack bechta hai, BHU gate ke paas, shaam 6 baje ke baad, neeli scooty se aata hai",
    "Rajghat pe raat ko balu nikalte hai JCB se aur police wale paisa lete hai",
    "hamare gaon me panch log garib logo ko paise deke dharm parivartan karwate hai, Cholapur",
    "thana Mirzamurad ke daroga ji har truck se 500 rupaye lete hai overloading ke",
    "Liquor is sold every night behind the school near Lanka",
    "Illegal sand mining by JCB at night at Rajghat, police take money",
    "My neighbour is keeping a child as servant and beats her",
    "Girls are harassed daily outside the college in Sigra",
    "The inspector at Mirzamurad takes money from overloaded trucks every night, some forty of them",
    "A man in Bhelupur makes country made pistols in his house and sells them to boys from the college nearby",
    "Cows are loaded into a white pickup behind the mandi at Ramnagar every Friday night and taken across the border",
]
RECEIPT = 300
ANY_TEXT = 175
LONGER = {"help": 340, "notice": 290, "receipt": 290, "accused.nobody_above": 290, "reach.erase.done": 240}
"""Texts that must say more: the ways on, what a provider knows, the receipt, who else can be told, a deleted chat."""
SENTENCE = 120
WEBSITE = "https://satark.varanasipolice.in"
END = re.compile(r"(?<=[.?!।:;])\s+|\n+")
CATALOGUES = Catalogues.of("satark.dialogue")
CHATS = ["whatsapp", "telegram"]


@pytest.fixture(scope="module")
def with_website() -> Engine:
    """An engine whose tipsters have a website to go to."""
    source = default_flow()
    return Engine(load_flow(source), source.catalogues, Geography.sample(), website=WEBSITE)


@pytest.mark.parametrize("channel", CHATS)
@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_the_first_answer_is_short_and_still_warns(with_website: Engine, channel: str, language: str) -> None:
    greeted = Chat(with_website, channel=channel).say("Hi")
    assert len(greeted.text) <= FIRST_ANSWER
    first = greeted.say(language).text
    assert len(first) <= FIRST_ANSWER
    assert WEBSITE in first
    assert "112" in first


@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_without_a_website_the_sentence_that_names_the_website_is_left_out(engine: Engine, language: str) -> None:
    text = Chat(engine).say("Hi", language).text
    assert "website" not in text
    assert "Without a number" not in text
    assert "बिना नंबर" not in text
    assert "Meta" in text


@every_row("tip", TOLD_AT_ONCE)
def test_the_first_reply_to_a_tip_told_at_once_fits_on_a_small_screen(with_website: Engine, tip: str) -> None:
    talk = Chat(with_website).say(tip)
    assert talk.step != "@language", tip
    prompt = talk.prompt
    # A list's rows are seen only once its button is tapped.
    labels = [choice.label for choice in prompt.choices] if len(prompt.choices) <= BUTTONS else []
    shown = len("\n".join([prompt.text, *labels]))
    most = FIRST_REPLY_WITH_THE_REST if talk.step == "@identity" else FIRST_REPLY
    assert shown <= most, f"{shown}: {prompt.text}"
    assert "112" in prompt.text


@pytest.mark.parametrize("channel", CHATS)
@pytest.mark.parametrize("language", ["हिन्दी", "English"])
def test_the_receipts_message_is_short(engine: Engine, channel: str, language: str) -> None:
    chat = Chat(engine, channel=channel)
    chat.session = engine.begin(
        channel=channel, tip="0" * 32, recipient="age1", identity="K", erasable=channel == "telegram"
    )
    chat.say("Hi", language).tap("INTOX").say("Liquor is sold every night", "Lanka").tap("no", "@skip", "send")
    assert "8391 4460 7012 5538" in chat.text
    assert len(chat.text) <= RECEIPT


def _texts(catalogue: Catalogue) -> dict[str, str]:
    """The texts that are read on a screen; those of a text message and a call have limits of their own."""
    return {key: catalogue.get(key) for key in catalogue if not key.endswith((".words", ".sms", ".voice"))}


def _ceiling(key: str) -> int:
    return next((most for name, most in LONGER.items() if f"{key}.".startswith(f"{name}.")), ANY_TEXT)


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_text_is_within_its_limit(language: str) -> None:
    texts = _texts(CATALOGUES[language])
    too_long = {key: len(text) for key, text in texts.items() if len(text) > _ceiling(key)}
    assert not too_long


@pytest.mark.parametrize("language", ["hi", "en"])
def test_every_sentence_is_short(language: str) -> None:
    long = {
        sentence: len(sentence)
        for key, text in _texts(CATALOGUES[language]).items()
        if not key.startswith(("help", "status."))
        for sentence in END.split(text)
        if len(sentence) > SENTENCE
    }
    assert not long
