"""Cells: a carrier sees equal boxes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.carrier import Refused
from satark.identity.sealing import new_identity
from satark.remote.frames import BODY, WIRE, Frame, file_cells, letter_cells, open_cell, seal_cell
from satark.remote.link_keys import LinkKey

HOST = LinkKey(new_identity()[1], bytes(32))
OFFICE = LinkKey(new_identity()[1], bytes(31) + b"\1")


@pytest.mark.parametrize("size", [0, 1, BODY - 1, BODY, BODY + 1, 3 * BODY + 7])
def test_every_cell_has_the_same_size_whatever_is_in_it(size: int) -> None:
    cells = list(letter_cells("sp", "down", bytes(size)))
    cells += file_cells("a-desk-with-a-name-of-forty-letters-0000", bytes(16), 20_000, [(19_999, bytes(BODY))])
    sealed = {len(seal_cell(cell, HOST, OFFICE.card)) for cell in cells}
    assert sealed == {WIRE}
    assert len(cells) == max(1, -(-size // BODY)) + 1


@settings(max_examples=30, deadline=None)
@given(body=st.binary(max_size=BODY), index=st.integers(0, 9), desk=st.text(max_size=40))
def test_what_was_sealed_opens_and_proves_whose_it_is(body: bytes, index: int, desk: str) -> None:
    cell = Frame(desk=desk, way="down", kind="file", whole=bytes(16), index=index, total=10, body=body)
    opened = open_cell(seal_cell(cell, HOST, OFFICE.card), OFFICE)
    assert opened.checked(HOST.card) == cell
    with pytest.raises(Refused):
        opened.checked(OFFICE.card)


def test_a_cell_never_shows_what_it_holds() -> None:
    (cell,) = letter_cells("sp", "down", b"K4Q7-2XPM")
    assert "K4Q7" not in f"{cell!r} {open_cell(seal_cell(cell, HOST, OFFICE.card), OFFICE)!r}"
