"""An anchor is in each continuation of its roster, and in no other one."""

from __future__ import annotations

import pytest

from satark.roster import chain
from satark.roster.anchor import Anchor
from satark.roster.entries import OfficerSet
from support.roster import RosterBook

RENEWALS = [b"first", b"second"]
SP, CLERK = ("sp", "khan"), ("sp", "clerk")


def test_each_continuation_of_a_roster_has_its_anchor() -> None:
    book = RosterBook.sealed()
    anchor = Anchor.decode(Anchor.of(book.entries, RENEWALS).encode())
    assert anchor.is_in(chain.verify(book.entries).state, RENEWALS)
    later = book.signed(OfficerSet(desk="sp", officer=book.officer("sp", "new")), SP, CLERK).encode()
    assert anchor.is_in(chain.verify([*book.entries, later]).state, [*RENEWALS, b"third"])


@pytest.mark.parametrize("renewals", [[], RENEWALS[:1], RENEWALS[::-1], [b"another", b"second"]])
def test_a_roster_that_lacks_renewals_lacks_the_anchor(renewals: list[bytes]) -> None:
    book = RosterBook.sealed()
    assert not Anchor.of(book.entries, RENEWALS).is_in(chain.verify(book.entries).state, renewals)


def test_an_empty_a_shorter_and_another_roster_lack_the_anchor() -> None:
    book = RosterBook.sealed()
    anchor = Anchor.of(book.entries, ())
    for entries in ([], book.entries[:-1], RosterBook.sealed().entries):
        assert not anchor.is_in(chain.verify(entries).state, ())
    assert not Anchor.of([], ()).is_in(chain.verify(book.entries).state, ()), "an empty roster vouches for none"
