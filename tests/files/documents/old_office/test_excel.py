"""Old Excel files: cells as a reader sees them."""

from __future__ import annotations

import pytest

from satark_files.documents.old_office import excel
from satark_files.documents.old_office.compound_file import CompoundFile
from satark_files.documents.old_office.excel import NumberFormats, unpack_rk
from support.evidence.documents.old_office.compound import compound_file
from support.evidence.documents.old_office.excel import excel_streams
from support.evidence.markers import MARKER


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (45_981.0, 14, "2025-11-20"),
        (0.75, 20, "18:00:00"),
        (45_981.0, 0, "45981"),
        (1e300, 14, str(int(1e300))),
        (-5.0, 14, "-5"),
        (0.1, 2, "0.1"),
        (45_981.0, 164, "2025-11-20"),
        (45_981.0, 165, "45981"),
    ],
)
def test_numbers_are_shown_as_cells_show_them(value: float, form: int, text: str) -> None:
    formats = NumberFormats()
    formats.add(164, "[$-409]d\\-mmm;@")
    formats.add(165, '0.00" days"')
    formats.add_cell_format(form)
    assert formats.show(value, 0) == text


@pytest.mark.parametrize(
    ("packed", "value"), [(7 << 2 | 2, 7), (0xFFFFFFFE, -1), (1234 << 2 | 3, 12.34), (0x3FF00000, 1.0)]
)
def test_packed_numbers_are_unpacked(packed: int, value: float) -> None:
    assert unpack_rk(packed) == value


def test_a_sheet_is_read_to_its_end_only() -> None:
    text, hidden = excel.excel_text(CompoundFile(compound_file(excel_streams(b""))))
    assert hidden
    assert MARKER not in text
