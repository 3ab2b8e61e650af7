"""Officers' acts on a tip, and the reasons for refusing them."""

from __future__ import annotations

from satark.casework.desk_act import DeskAct


def test_no_repr_shows_an_officers_text() -> None:
    assert "brother" not in repr(DeskAct(name="note", text="the brother of Kallu"))
