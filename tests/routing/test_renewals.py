"""Whatever was done with a tip, and whichever of its rows are restored, nobody writes with a former key."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from routing.test_altered_threads import NOTE, TIP, Thread, step
from satark.api.sealing import recipient_of
from satark.api.tip import Envelope
from satark.routing import tip_keys
from satark.routing.authors import Signers
from satark.routing.renewals import first_verifier
from satark.routing.tip_keys import TipKeyAltered, TipRoot, present_recipient

pytestmark = pytest.mark.slow("renews keys a hundred times")

ACTS = st.sampled_from(
    ["dig renews", "sp renews", "dig changes its key", "give", "withdraw lanka", "withdraw cell", "note"]
)
BACK = st.integers(0, 5)


class Tip:
    """A tip of the SP, the DIG and the cell, and every state that its rows had."""

    def __init__(self) -> None:
        self.thread = Thread()
        first = self.thread.envelope.identity
        self.root = TipRoot(tip=TIP, recipient=recipient_of(first), verifier=first_verifier(first))
        self.states: list[tuple[Envelope, bytes, list[tuple[int, bytes]]]] = []
        self.keep()

    def keep(self) -> None:
        """Keep what the rows say now."""
        envelope = self.thread.envelope
        self.states.append((envelope, tip_keys._row(envelope), list(self.thread.rows)))

    def before(self, acts: int) -> tuple[Envelope, bytes, list[tuple[int, bytes]]]:
        """Return the rows as they were this many acts ago."""
        return self.states[max(0, len(self.states) - 1 - acts)]

    def do(self, act: str) -> None:
        """Have a desk act as its officers do."""
        has = self.thread.read().access.holders
        match act:
            case "sp renews":
                self.thread.renew(by="sp")
            case "dig changes its key":
                self.thread.change_key("dig")
                self.thread.renew()
            case "dig renews":
                self.thread.renew()
            case "give":
                self.thread.write(step("directed", "lanka"), "rao")
            case "note":
                self.thread.write(replace(NOTE, desk="dig"), "rao")
            case _:
                desk = act.removeprefix("withdraw ")
                if desk in has:
                    self.thread.renew(without=desk)
                    self.thread.write(step("withdrawn", desk), "rao")
        self.keep()


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTS, min_size=1, max_size=6), BACK, BACK, BACK)
def test_rows_that_are_put_back_are_noticed_or_have_the_newest_key(
    acts: list[str], envelopes: int, tip_rows: int, threads: int
) -> None:
    tip = Tip()
    for act in acts:
        tip.do(act)
    newest, honest = recipient_of(tip.thread.envelope.identity), tip.thread.read().access
    envelope, row, rows = tip.before(envelopes)[0], tip.before(tip_rows)[1], tip.before(threads)[2]
    tip.thread.envelope, state = envelope, tip.thread.book.state
    if Signers(state).know(envelope):
        reader = tip.thread.read(rows)
        assert recipient_of(envelope.identity) == newest
        assert reader.altered or reader.access.readers <= honest.readers
    with suppress(TipKeyAltered):
        assert present_recipient(tip.root, row, state) == newest
