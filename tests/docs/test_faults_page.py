"""The page of faults has those of the table, and a run saw that each was told within a minute and healed."""

from __future__ import annotations

import re

from support.outside_faults.page import EVERY, PAGE, by_code
from support.outside_faults.run import TOLD_WITHIN


def test_the_page_lists_each_fault_of_the_table_and_all_were_told_in_time() -> None:
    rows = re.findall(r"^\| `(\S+)` \| (.+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    assert {code: causes.split("; ") for code, causes, *_ in rows} == by_code(EVERY)
    assert [code for code, _, told, *_ in rows if int(told) > TOLD_WITHIN] == []
    assert len(EVERY) >= 60
