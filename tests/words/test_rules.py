"""Rules: the valid lines of the rules' files, and the marks that a pattern matches."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from satark_words.rules import Mark, Marks, RuleError, all_matches, parse_rule


@pytest.mark.parametrize("line", ["act.k* + who.me", "act.*.x", "* + who.me", "act.kill - who.m*", " - who.me"])
def test_a_rule_with_a_misplaced_star_is_refused(line: str) -> None:
    with pytest.raises(RuleError, match="the rule '"):
        parse_rule(line)


def test_a_pattern_matches_only_the_marks_under_its_name() -> None:
    rule = parse_rule("neg.*")
    assert list(all_matches(rule, Marks([Mark("neg.dont.ever", 0, 1, 1.0)]))) == [(0, 1)]
    assert not list(all_matches(rule, Marks([Mark("neg", 0, 1, 1.0), Mark("negate.all", 1, 2, 1.0)])))


def test_the_code_asks_for_every_group_of_marks_and_for_no_other() -> None:
    core = Path(__file__).parents[2] / "core"
    groups = msgspec.yaml.decode((core / "satark_words/marks.yaml").read_bytes(), type=dict[str, str])
    code, dialogue = (
        "\n".join(path.read_text("utf-8") for path in (core / part).rglob("*.py"))
        for part in ("satark_words", "satark/dialogue")
    )
    asked, others = (
        {name for text in texts for name in re.findall(r"@([a-z-]+)(?=[\",]|$)", text)}
        for texts in ((code, *groups.values()), (dialogue,))
    )
    assert asked <= groups.keys() <= asked | others
