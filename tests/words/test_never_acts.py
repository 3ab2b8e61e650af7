"""No refusal, question, hedge or contradiction triggers an act that can't be undone, in any script and order.

Each negator, question and hedge is put before, behind and between the words of each act, at each question that acts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import pytest

from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import IRREVERSIBLE, Asked, Kind
from support.dialogue.corpus import asked_at
from support.loops import every_row

pytestmark = pytest.mark.slow("a corpus")

GEOGRAPHY = Geography.sample()
READER = Reader.shared(GEOGRAPHY)
CATALOGUES = Catalogues.of("satark.dialogue")

NEGATORS = {
    "hi-Latn": ("mat", "nahi", "nhi", "na", "kabhi nahi", "abhi nahi", "bilkul nahi"),
    "hi-Deva": ("मत", "नहीं", "ना", "कभी नहीं", "अभी नहीं"),
    "bho": ("नइखे", "जिन", "मति", "जनि", "naikhe", "jin"),
    "ur": ("مت", "نہیں", "نہ", "ابھی نہیں"),
    "en": ("don't", "do not", "not", "never", "no", "not yet", "cannot"),
}
QUESTIONS = {
    "hi-Latn": ("kya", "kyun", "kab", "kaise", "ya nahi", "?"),
    "hi-Deva": ("क्या", "क्यों", "कब", "या नहीं", "?"),
    "bho": ("काहे", "का", "?"),
    "ur": ("کیا", "کیوں", "کب", "؟"),
    "en": ("should i", "why", "when", "can you", "?"),
}
HEDGES = {
    "hi-Latn": ("shayad", "agar", "lekin", "par galat", "ruko", "baad me", "kal", "soch raha hu"),
    "hi-Deva": ("शायद", "अगर", "लेकिन", "मगर गलत", "रुको", "बाद में", "कल"),
    "bho": ("सायद", "बाकिर", "रुका", "बाद में", "बिहान"),
    "ur": ("شاید", "اگر", "لیکن", "رکو", "بعد میں", "کل"),
    "en": ("maybe", "if", "but", "wrong", "wait", "later", "tomorrow", "unless"),
}
SENDS = {
    "hi-Latn": ("bhej do", "bhejo", "haan bhej dijiye", "send karo", "jama kar do", "haan", "sahi hai bhej do"),
    "hi-Deva": ("भेज दो", "भेजें", "हाँ भेज दीजिए", "जमा करो", "हाँ", "सही है"),
    "bho": ("भेज दीं", "भेज दा", "हँ भेज दीं"),
    "ur": ("بھیج دو", "بھیج دیں", "ہاں", "جی بھیجیں"),
    "en": ("send", "send it", "yes", "submit", "yes please send", "go ahead and send"),
}
WRITE = {
    "hi-Latn": ("puch lena", "message kar dena", "haan puch sakte ho", "haan"),
    "hi-Deva": ("पूछ लेना", "मैसेज कर देना", "हाँ पूछ सकते हैं"),
    "bho": ("पूछ लीं", "खबर करीं"),
    "ur": ("پوچھ لینا", "پیغام بھیجیں", "ہاں"),
    "en": ("you can message me", "yes contact me", "yes"),
}
FORGETS = {
    "hi-Latn": ("bhool jao", "mita do", "delete kar do", "cancel karo", "shuru se", "sab mita do"),
    "hi-Deva": ("भूल जाओ", "मिटा दो", "रद्द करो", "सब मिटा दो"),
    "bho": ("भुला जाईं", "मेटा दीं"),
    "ur": ("بھول جاؤ", "مٹا دو", "منسوخ کرو"),
    "en": ("forget me", "delete it", "cancel", "erase everything", "start over"),
}
ERASING = ("what", "review", "reach", "cancel")


@cache
def asked(step: str) -> Asked:
    return asked_at(step, GEOGRAPHY, CATALOGUES)


def done(text: str, question: Asked) -> str:
    """The irreversible act that a text would do; empty: none."""
    reading = READER.read(text, question)
    if any(option.acts and option.id == reading.option for option in question.options) and reading.kind is Kind.OPTION:
        return reading.option
    return reading.command if reading.command in IRREVERSIBLE else ""


def mixed(acts: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    for act, other in product(acts, others):
        words = act.split()
        yield f"{other} {act}"
        yield f"{act} {other}"
        yield from (" ".join((*words[:at], other, *words[at:])) for at in range(1, len(words)))


@every_row("others", [NEGATORS, QUESTIONS, HEDGES])
@every_row("script", SENDS)
def test_nothing_is_sent(script: str, others: dict[str, Sequence[str]]) -> None:
    review = asked("review")
    assert [text for text in mixed(SENDS[script], others[script]) if done(text, review)] == []


@every_row("script", SENDS)
def test_nothing_is_sent_with_a_negator_of_another_script(script: str) -> None:
    review = asked("review")
    others = [one for name, words in NEGATORS.items() if name != script for one in words]
    texts = [text for act, one in product(SENDS[script], others) for text in (f"{one} {act}", f"{act} {one}")]
    assert [text for text in texts if done(text, review)] == []


@every_row("others", [NEGATORS, QUESTIONS, HEDGES])
@every_row("script", WRITE)
def test_nobody_is_written_to(script: str, others: dict[str, Sequence[str]]) -> None:
    reach = asked("reach")
    assert [text for text in mixed(WRITE[script], others[script]) if done(text, reach) == "yes"] == []


@every_row("others", [NEGATORS, QUESTIONS, HEDGES])
@every_row("script", FORGETS)
def test_nothing_is_erased(script: str, others: dict[str, Sequence[str]]) -> None:
    """To "may we write to you?" a negation is an answer of its own, and no refusal of being forgotten."""
    texts = [text for act, one in product(FORGETS[script], others[script]) for text in (f"{one} {act}", f"{act} {one}")]
    erased = [(step, text) for step in ERASING for text in texts if (did := done(text, asked(step))) and did != "no"]
    assert erased == []


@every_row(
    "text",
    ["haan nahi", "yes no", "हाँ ना", "nahi haan", "ہاں نہیں", "yes but no", "send no wait", "bhejo nahi bhejo", "👍👎",
     "haan haan nahi", "ok no", "ठीक है नहीं", "send dont send", "yes yes... no"],
)  # fmt: skip
@every_row("step", ["review", "cancel", "restart"])
def test_a_contradiction_does_nothing(text: str, step: str) -> None:
    assert done(text, asked(step)) == ""
