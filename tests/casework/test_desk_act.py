"""Officers' acts on a tip, and the reasons for refusing them."""

from __future__ import annotations

from satark.casework.desk_act import DeskAct


def test_no_representation_shows_what_an_officer_wrote() -> None:
    assert "brother" not in repr(DeskAct(name="note", text="the brother of Kallu"))
