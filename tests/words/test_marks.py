"""The marks of a text are found by name, by the beginning of a name, and by place."""

from __future__ import annotations

from satark_words.marks import Mark, Marks
from satark_words.rules import matches, parse_rule


def test_a_pattern_matches_only_the_marks_under_its_name() -> None:
    rule = parse_rule("denied", "neg.*")
    assert matches(rule, Marks([Mark("neg.dont.ever", 0, 1, 1.0)])) == (0, 1)
    assert matches(rule, Marks([Mark("neg", 0, 1, 1.0), Mark("negate.all", 1, 2, 1.0)])) is None
