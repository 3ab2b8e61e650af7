"""The receipt's page shows the code, whatever is said before it."""

from __future__ import annotations

import pytest

from satark_web_form.submit_pages import receipt_lines

RECEIPT = "Tip number: 4K7Q-2XPM\nCode: 8391 4460 7012 5538"
SHOWN = [("Tip number: 4K7Q-2XPM", False), ("Code: 8391 4460 7012 5538", True)]
NOTICE = "File no. 1 could not be cleaned."


@pytest.mark.parametrize(
    ("parts", "lines"),
    [
        ((RECEIPT, "May we message you?"), SHOWN),
        ((NOTICE, RECEIPT, "May we message you?"), [(NOTICE, False), *SHOWN]),
        ((RECEIPT,), SHOWN),
    ],
)
def test_the_receipt_is_shown_below_notices_about_files(parts: tuple[str, ...], lines: list[tuple[str, bool]]) -> None:
    assert receipt_lines(parts) == lines
