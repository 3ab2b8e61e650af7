"""Rules: the valid lines of the rules' files, and the marks that a pattern matches."""

from __future__ import annotations

import pytest

from satark_words.rules import Mark, Marks, RuleError, matches, parse_rule


@pytest.mark.parametrize("line", ["act.k* + who.me", "act.*.x", "* + who.me", "act.kill - who.m*", " - who.me"])
def test_a_rule_with_a_misplaced_star_is_refused(line: str) -> None:
    with pytest.raises(RuleError, match="the rule 'kill'"):
        parse_rule("kill", line)


def test_a_pattern_matches_only_the_marks_under_its_name() -> None:
    rule = parse_rule("denied", "neg.*")
    assert matches(rule, Marks([Mark("neg.dont.ever", 0, 1, 1.0)])) == (0, 1)
    assert matches(rule, Marks([Mark("neg", 0, 1, 1.0), Mark("negate.all", 1, 2, 1.0)])) is None
