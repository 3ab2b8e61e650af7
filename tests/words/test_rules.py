"""Rules: what a line of the rules' files may say."""

from __future__ import annotations

import pytest

from satark_words.marks import Mark, Marks
from satark_words.rules import RuleError, matches, parse_rule


@pytest.mark.parametrize("line", ["act.k* + who.me", "act.*.x", "* + who.me", "act.kill - who.m*", " - who.me"])
def test_a_line_that_would_hold_nowhere_is_refused(line: str) -> None:
    with pytest.raises(RuleError, match="the rule 'kill'"):
        parse_rule("kill", line)


def test_a_star_stands_for_all_marks_that_begin_so_and_for_no_other() -> None:
    rule = parse_rule("denied", "neg.*")
    assert matches(rule, Marks([Mark("neg.dont.ever", 0, 1, 1.0)])) == (0, 1)
    assert matches(rule, Marks([Mark("neg", 0, 1, 1.0), Mark("negate.all", 1, 2, 1.0)])) is None
