"""Words that tell who wrote a text are found, so that they can be taken out; what tells of others stays."""

from __future__ import annotations

from satark_words.geography.geography import Geography
from satark_words.identity import without_spans
from satark_words.reader import Reader
from support.loops import every_row

READER = Reader.shared(Geography.sample())


@every_row(
    "text, left",
    [
        ("My name is Ramesh Yadav, they dig sand", ", they dig sand"),
        ("call me on 9415012345", "on"),
        ("write to ramesh@example.org please", "write to please"),
        ("His number is 9415012345", "His number is 9415012345"),
        ("They dig sand every night", "They dig sand every night"),
    ],
)
def test_what_identifies_the_sender_is_found_and_taken_out(text: str, left: str) -> None:
    spans = READER.own_identity(text)
    assert without_spans(text, [(span.start, span.end) for span in spans]) == left


def test_a_text_of_one_endless_word_is_searched_in_no_time() -> None:
    assert READER.own_identity("a" * 20_000 + "@") == ()
