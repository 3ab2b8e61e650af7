"""A text falls into clauses, and a denial in one says nothing about another."""

from __future__ import annotations

from satark_words.clauses import happens_now, is_denied, moment_of
from satark_words.reader import Reader
from support.loops import every_row

READER = Reader()


@every_row(
    "text, count",
    [
        ("police mili hui nahi hai gaon ke ladke juwa khelte hai", 2),
        ("thane me shikayat ki par police nahi aayi", 2),
        ("ghat par balu nikalta hai", 1),
        ("दरोगा नहीं बल्कि सिपाही पैसे लेता है", 2),
        ("they sell liquor but the police do not come", 2),
    ],
)
def test_a_clause_ends_at_a_stop_a_but_and_a_hindi_verb(text: str, count: int) -> None:
    assert len(set(READER.analyse(text).clauses)) == count


@every_row(
    "text, mark, denied",
    [
        ("police mili hui nahi hai", "k.with", True),
        ("daroga mila hua hai paise nahi leta", "k.with", False),
        ("I do not think the police are involved", "k.with", True),
        ("police are involved but they do not come", "k.with", False),
        ("बिना रसीद पैसे लेता है", "act.take", False),
    ],
)
def test_a_negation_denies_the_words_beside_it_in_its_clause(text: str, mark: str, denied: bool) -> None:  # noqa: FBT001
    analysis = READER.analyse(text)
    found = analysis.found(mark)
    assert found
    assert all(is_denied(analysis, one) is denied for one in found)


@every_row(
    "text, moment, now",
    [
        ("abhi nahi ho raha, kal hua", "past", "no"),
        ("kal nahi abhi maar rahe hai", "now", "yes"),
        ("raat ko hota h", "", "no"),
        ("kal se chal raha hai", "past", "yes"),
        ("abhi nahi aaye par kal aayenge", "coming", "no"),
        ("mandir ke paas", "", ""),
    ],
)
def test_the_verb_decides_between_two_times(text: str, moment: str, now: str) -> None:
    analysis = READER.analyse(text)
    assert (moment_of(analysis), happens_now(analysis)) == (moment, now)
