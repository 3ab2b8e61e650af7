"""Rules: what a line of the rules' files may say."""

from __future__ import annotations

import pytest

from satark_words.rules import RuleError, parse_rule


@pytest.mark.parametrize("line", ["act.k* + who.me", "act.*.x", "* + who.me", "act.kill - who.m*", " - who.me"])
def test_a_rule_with_a_misplaced_star_is_refused(line: str) -> None:
    with pytest.raises(RuleError, match="the rule 'kill'"):
        parse_rule("kill", line)
