"""One word for one act: each language has a glossary, and no text that a tipster sees uses another word for an act."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import pytest

from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import wording_of
from support.loops import every_row


class Act(NamedTuple):
    """Two patterns: the word for an act in a language, and words that must not stand for it."""

    word: str
    never: str


GLOSSARY: Final[Mapping[str, Mapping[str, Act]]] = {
    "en": {
        "erase": Act(
            "eras|delet", r"remov|wipe|clear|forget me|take (them|it) out|leave it out|delet(?!e (this|these|the|it)\b)"
        ),
        "cancel": Act("cancel", "abort|discard"),
        "skip": Act("skip", "pass over|ignore"),
        "back": Act("back", "return to|go to the last"),
        "send": Act("sen[dt]", "submit|transmit"),
        "code": Act("code", r"passcode|\bPIN\b|reference"),
        "number": Act("number", "contact(?! card|s in)"),
        "proof": Act("proof", "evidence"),
        "remind": Act("remind", "ask (you|me) later"),
    },
    "hi": {
        "erase": Act("मिट(?!्टी)", "हटा|हटव|भूल जा|भुला|डिलीट"),
        "cancel": Act("रद्द", "कैंसिल|निरस्त"),
        "skip": Act("छोड़", "स्किप|लाँघ"),
        "back": Act("पीछे", "वापस जाएँ|पिछले पर"),
        "send": Act("भेज", "सबमिट|सेंड|जमा कर|प्रेषित"),
        "code": Act("कोड", "कूट|पिन नं"),
        "number": Act("नंबर", "संपर्क(?! कार्ड)"),
        "proof": Act("सबूत", "प्रमाण|साक्ष्य"),
        "remind": Act("याद दिला", "बाद में पूछ"),
    },
    "hi-Latn": {
        "erase": Act("[Mm]it", r"[Hh]at(a|w)|[Bb]h?u?oo?l ja|[Dd]elete"),
        "cancel": Act("[Rr]add", "[Cc]ancel"),
        "send": Act("[Bb]hej", "[Ss]ubmit|[Ss]end|[Jj]ama kar"),
        "number": Act("[Nn]umber", "[Ss]ampark"),
        "proof": Act("[Ss]aboot", "[Pp]ramaa?n|[Ss]akshya"),
    },
    "bho": {
        "erase": Act("मिट(?!्टी)", "हटा|हटव|भुला (जा|दी)|डिलीट"),
        "cancel": Act("रद्द", "कैंसिल|निरस्त"),
        "send": Act("भेज", "सबमिट|जमा कर|पठा"),
        "code": Act("कोड", "कूट"),
        "number": Act("नंबर", "संपर्क(?! कार्ड)"),
        "proof": Act("सबूत", "प्रमाण|साक्ष्य"),
    },
    "ur": {
        "erase": Act("مٹ(?!ی)", "ہٹا|ہٹو|بھول جا|بھلا دیں|حذف|ڈیلیٹ"),
        "cancel": Act("منسوخ", "کینسل|رد کر"),
        "send": Act("بھیج", "جمع کر|ارسال|سبمٹ"),
        "code": Act("کوڈ", "رمز"),
        "number": Act("نمبر", "رابطہ(?! کارڈ)"),
        "proof": Act("ثبوت", "شہادت|شواہد"),
    },
}
"""Language → act → its word. `delete` is what a tipster does on their own phone, in the words of its menus."""
PARTS: Final = ("satark.dialogue", "satark_web_form", "satark_sms_ivr")
TOGETHER: Final = ("erase", "cancel", "code", "proof")
"""Acts that every language names in the same texts."""
CHANNELS_OWN: Final = (".sms", ".voice", ".aloud", ".whatsapp", ".telegram", ".web_form")
"""Ends of the keys of a channel's own wordings, which may be shorter in one language."""
PLACES: Final = re.compile(r"\{[^}]*\}")


def _catalogue(part: str, language: str) -> Catalogue:
    if language == "hi-Latn":
        return Catalogue.read("hi", wording_of(part, "hi", "sms"))
    return Catalogues.of(part)[language]


def _shown(part: str, language: str) -> Iterator[tuple[str, str]]:
    """The texts that are shown: `.words` only lists what may be typed."""
    texts = _catalogue(part, language)
    yield from ((key, texts.get(key)) for key in texts if not key.endswith((".words", ".words.latin")))


def other_words(texts: Iterator[tuple[str, str]], acts: Mapping[str, Act]) -> list[str]:
    """List the texts that use another word for an act than the glossary's."""
    return [
        f"{key}: {found[0]!r} is not the word for {act}: {text}"
        for key, text in texts
        for act, words in acts.items()
        if (found := re.search(words.never, text, re.IGNORECASE))
    ]


@every_row("language", GLOSSARY)
@every_row("part", PARTS)
def test_no_text_uses_another_word_for_an_act(part: str, language: str) -> None:
    if language == "hi-Latn" and part != "satark.dialogue":
        return
    found = other_words(_shown(part, language), GLOSSARY[language])
    assert not found, "\n".join(found)


@every_row("language", [language for language in GLOSSARY if language not in {"en", "hi-Latn"}])
@every_row("part", PARTS)
def test_a_text_names_the_same_acts_in_every_language(part: str, language: str) -> None:
    english, acts = dict(_shown(part, "en")), GLOSSARY[language]
    differ = [
        f"{key}: {act}: {english[key]!r} is {text!r}"
        for key, text in _shown(part, language)
        for act in TOGETHER
        if key in english and not key.endswith(CHANNELS_OWN)
        if _names(english[key], GLOSSARY["en"], act) != _names(text, acts, act)
    ]
    assert not differ, "\n".join(differ)


def _names(text: str, acts: Mapping[str, Act], act: str) -> bool:
    """Return whether a text names an act; values of its `{places}` don't count."""
    return bool(re.search(acts[act].word, PLACES.sub("", text), re.IGNORECASE))


@pytest.mark.parametrize(
    ("language", "text"),
    [("hi", "नहीं, हटा दें"), ("hi", "आपका संपर्क मिट गया"), ("hi", "फ़ाइल प्रमाण में रख ली"), ("en", "Forget me"),
     ("en", "Your contact is erased"), ("en", "Delete draft"), ("hi-Latn", "Nahi, hata dein"), ("ur", "آواز ہٹائیں")],
)  # fmt: skip
def test_another_word_is_found(language: str, text: str) -> None:
    assert other_words(iter([("a.text", text)]), GLOSSARY[language])
