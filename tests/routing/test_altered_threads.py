"""An attacker who writes to the databases adds no reader, and changes to a thread are shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from satark.api.sealing import new_identity, recipient_of, seal
from satark.api.tip import CaseStep, Checkpoint, Envelope, Header, Message, Release
from satark.identity.signatures import verifier_for
from satark.roster.entries import RENEWED, KeyChange, KeysRenewed
from satark.routing import tip_keys
from satark.routing.authors import Signers, ThreadReader, Writer, signed_by_tipster
from satark.routing.renewals import kept_changes, remembered, with_last_points
from satark.routing.sent import TIPSTER_USE, signed_as_sent
from support.roster import RosterBook
from support.tips import tip_of

pytestmark = pytest.mark.slow("opens threads a hundred times")

HEADER = Header(number="K", revision=1, category="", language="", received="", excluded=("sp-jaunpur",))
KEY = "5" * 32
TIP = tip_of(KEY)
ABOVE = {"sp": "dig", "cell": "dig"}
FACTS = {"header": replace(HEADER, excluded=()), "holders": {"dig": ()}, "answers_to": {}}
"""Others than those of the tip, in its envelope; any text where the field is one."""
NOTE = Message(sender="desk", desk="sp", text="a note", internal=True)
SIGNERS = (("sp", "khan"), ("dig", "rao"))


class Thread:
    """A tip's rows, as honest desks write them."""

    def __init__(self) -> None:
        self.book = RosterBook.sealed()
        holders: dict[str, tuple[str, ...]] = {"sp": (), "dig": (), "cell": ()}
        identity = new_identity()[1]
        verifier = verifier_for(KEY, TIPSTER_USE)
        envelope = Envelope(
            tip=TIP,
            desk="dig",
            identity=identity,
            header=HEADER,
            holders=holders,
            tipster_verifier=verifier,
            answers_to=ABOVE,
            roster=self.book.state.head,
        )
        self.envelope = signed_as_sent(envelope, KEY)
        self.rows: list[tuple[int, bytes]] = []

    def read(self, rows: list[tuple[int, bytes]] | None = None) -> ThreadReader:
        """Return a reader of these rows, as the DIG reads them."""
        signers = Signers(self.book.state)
        reader = ThreadReader(self.envelope, signers)
        reader.read_new(self.rows if rows is None else rows, signers)
        return reader

    def sealed(self, message: Message, officer: str, seq: int, **options: Any) -> bytes:
        """Return a message, signed and sealed."""
        keys = {"identity": self.book.identities[message.desk, ""]}
        keys["own_identity"] = self.book.identities.get((message.desk, officer), "")
        recipient = recipient_of(self.envelope.identity)
        writer = Writer(name=officer, **{**keys, **options})
        return seal(writer.signed(message, self.envelope, seq, 1_800_000_000, [recipient]), recipient)

    def write(self, message: Message = NOTE, officer: str = "clerk", **options: Any) -> None:
        """Append a message of a desk, written with the thread as it is."""
        reader, seq = self.read(), len(self.rows) + 1
        told = {"roster": Signers(self.book.state).head, "thread": reader.thread}
        position = 0 if message.desk == "cell" else seq
        self.rows.append((seq, self.sealed(replace(message, **told), officer, position, **options)))

    def say(self, text: str, recipient: str = "") -> None:
        """Append a tipster's message."""
        seq = len(self.rows) + 1
        signed = signed_by_tipster(Message(sender="tipster", text=text), TIP, seq, KEY)
        self.rows.append((seq, seal(signed, recipient or recipient_of(self.envelope.identity))))

    def renew(self, without: str = "", by: str = "dig", plants: str = "", told_by: str = "") -> None:
        """Give the tip a new key, as `renew_tip_key` does. `told_by`: another desk's key signs the roster's entry."""
        reader = self.read()
        access, head = reader.access, Signers(self.book.state).head
        access.holders.pop(without, None)
        access.releases.pop(without, None)
        access.holders |= {plants: ()} if plants else {}
        point = Checkpoint(reader.last, reader.thread, head, access.holders, access.releases, access.answers_to)
        identity = f"{new_identity()[1]}\n{self.envelope.identity}"
        before, keyed = self.envelope.changes, replace(self.envelope, desk=by, identity=identity)
        renewed = with_last_points(self.book.state, tip_keys._with_change(keyed, point, before))
        assert renewed is not None
        self.envelope, told_by = replace(renewed, desk="dig"), told_by or by
        tips = remembered(told_by, identity, renewed.changes)[:RENEWED]
        self.book.follow(KeysRenewed(desk=told_by, tips=tips), (told_by, ""))

    def change_key(self, desk: str, removed: str = "") -> str:
        """Change a desk's key in the roster; return the one before."""
        old, (_, new) = self.book.identities[desk, ""], new_identity()
        own_first = sorted(SIGNERS, key=lambda one: one[0] != desk)  # a change is proposed by the desk's own officer
        signers = (("cell", ""), ("dig", "rao")) if desk == "cell" else own_first
        self.book.follow(KeyChange.of(desk, old, new, removed=removed), *signers)
        self.book.identities[desk, ""] = new
        return old


def step(kind: str, to: str, desk: str = "dig", **fields: Any) -> Message:
    case = CaseStep(kind=kind, to=to, **fields)  # type: ignore[arg-type]
    return Message(sender="desk", desk=desk, internal=True, case=case)


def disclosed() -> Thread:
    """Return a tip that was given to a station and to a second SP, taken back from the station, and written about."""
    thread = Thread()
    thread.say("it was at night")
    thread.write(step("directed", "lanka"), "rao")
    thread.write(replace(NOTE, desk="cell"), "anand")
    thread.renew(without="lanka")
    thread.write(step("withdrawn", "lanka"), "rao")
    thread.say("they were here again")
    thread.write(step("directed", "lanka", release=Release(key=new_identity()[1])), "rao")
    thread.write()
    return thread


TOLD = disclosed()
HONEST = TOLD.read()
SIGNED = {2, 3, 4, 6, 7}
"""Rows that a desk signed. The key was renewed before the fourth, which covers the three before as a signature does."""


def test_an_honest_thread_is_not_altered() -> None:
    assert not HONEST.altered
    assert (set(HONEST.access.holders), set(HONEST.access.releases)) == ({"sp", "dig", "cell"}, {"lanka"})


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_deleted_moved_swapped_or_repeated_rows_widen_no_access_and_are_shown(data: st.DataObject) -> None:
    rows, most = dict(TOLD.rows), len(TOLD.rows)
    for _ in range(data.draw(st.integers(1, 3))):
        one, other = data.draw(st.integers(1, most)), data.draw(st.integers(1, most + 2))
        match data.draw(st.sampled_from(("delete", "move", "swap", "copy", "garbage"))):
            case "delete":
                rows.pop(one, None)
            case "move" if one in rows:
                rows[other] = rows.pop(one)
            case "swap" if one in rows and other in rows:
                rows[one], rows[other] = rows[other], rows[one]
            case "copy" if one in rows:
                rows[other] = rows[one]
            case _:
                rows[one] = b"x"
    reader = TOLD.read(sorted(rows.items()))
    assert reader.access.readers <= HONEST.access.readers
    assert reader.access.releases.items() <= HONEST.access.releases.items()
    signed = max(seq for seq, row in TOLD.rows if seq == 4 or (seq in SIGNED and rows.get(seq) == row))
    assert reader.altered or all(rows.get(seq) == row for seq, row in TOLD.rows if seq < signed)


@pytest.mark.parametrize("kept", range(len(TOLD.rows)))
def test_a_thread_cut_before_the_last_renewal_is_shown_and_a_later_cut_gives_nobody_more_access(kept: int) -> None:
    reader = TOLD.read(TOLD.rows[:kept])
    assert reader.altered == (kept < 3)
    assert reader.access.readers == HONEST.access.readers


def test_a_deleted_withdrawal_gives_the_next_key_to_nobody() -> None:
    thread = Thread()
    thread.write(step("directed", "lanka"), "rao")
    thread.renew(without="lanka")
    thread.write(step("withdrawn", "lanka"), "rao")
    assert "lanka" not in thread.read(thread.rows[:1]).access.readers
    thread.write()
    assert thread.read([thread.rows[0], thread.rows[2]]).altered


@pytest.mark.parametrize("row", range(len(TOLD.rows) - 1))
def test_each_row_that_is_missing_under_a_later_signature_is_shown(row: int) -> None:
    assert TOLD.read([*TOLD.rows[:row], *TOLD.rows[row + 1 :]]).altered


@pytest.mark.parametrize("later", ["a renewal", "a colleague's message"])
def test_a_removed_officers_key_signs_nothing_once_anybody_wrote_or_the_key_was_renewed(later: str) -> None:
    thread = Thread()
    head, old = Signers(thread.book.state).head, thread.book.identities["sp", ""]
    thread.write()
    thread.change_key("sp", removed="clerk")
    if later == "a renewal":
        thread.renew()
    else:
        thread.write(replace(NOTE, desk="dig"), "rao")
    seq, stolen = len(thread.rows) + 1, thread.book.identities["sp", "clerk"]
    for roster in (head, Signers(thread.book.state).head, (), ("f" * 64,)):
        forged = replace(step("directed", "lanka", desk="sp"), roster=roster, thread=thread.read().thread)
        row = (seq, thread.sealed(forged, "clerk", seq, identity=old, own_identity=stolen))
        assert "lanka" not in thread.read([*thread.rows, row]).access.readers
    assert "lanka" not in thread.read().access.readers


def test_messages_of_an_officer_before_their_removal_still_count() -> None:
    thread = Thread()
    thread.write(step("directed", "lanka", desk="sp"))
    thread.write(replace(NOTE, desk="dig"), "rao")
    thread.change_key("sp", removed="clerk")
    thread.renew()
    thread.write(replace(NOTE, desk="sp"), "khan")
    assert "lanka" in thread.read().access.readers
    assert not thread.read().altered


def test_the_former_key_of_a_desk_without_listed_officers_signs_nothing_once_anybody_wrote() -> None:
    thread = Thread()
    head = Signers(thread.book.state).head
    old = thread.change_key("cell")
    thread.write(replace(NOTE, desk="dig"), "rao")
    forged = replace(step("directed", "lanka", desk="cell"), roster=head)
    row = (2, thread.sealed(forged, "anand", 0, identity=old, own_identity=""))
    assert "lanka" not in thread.read([*thread.rows, row]).access.readers


def test_moving_an_offices_message_behind_a_withdrawal_gives_nobody_the_tip_again() -> None:
    thread = Thread()
    thread.write(step("directed", "lanka", desk="cell"), "anand")
    thread.renew(without="lanka")
    moved = [(2, thread.rows[0][1])]
    reader = thread.read(moved)
    assert "lanka" not in reader.access.readers
    assert reader.altered


def test_an_offices_message_counts_only_for_the_officer_whom_the_desk_signed() -> None:
    thread = Thread()
    thread.write(replace(NOTE, desk="cell"), "anand")
    signers = Signers(thread.book.state)
    reader = ThreadReader(thread.envelope, signers)
    message, author = reader.open(1, thread.rows[0][1], signers)
    assert author is not None
    other = Writer(name="another", identity=new_identity()[1])
    stolen = other.signed(message, thread.envelope, 0, 5, [recipient_of(thread.envelope.identity)]).officer
    assert reader.read(2, replace(message, officer=stolen), signers) is None


def test_a_tipsters_words_to_a_key_that_was_taken_back_are_shown() -> None:
    thread = Thread()
    old = recipient_of(thread.envelope.identity)
    thread.write()
    thread.renew(without="sp")
    thread.say("again")
    assert not thread.read().altered
    thread.say("again", old)
    assert thread.read().altered


def test_neither_a_desk_below_nor_an_envelope_unknown_to_the_roster_says_which_desks_have_the_tip() -> None:
    thread = Thread()
    thread.renew(by="sp")
    thread.write(replace(NOTE, desk="dig"), "rao")
    (point,) = thread.envelope.points
    assert thread.read().access.readers == {"dig", "sp", "cell"}
    release = {"lanka": Release(key=new_identity()[1])}
    for planted in (
        replace(point, holders={"sp": (), "lanka": ()}, releases=release, answers_to={"dig": "sp"}),
        replace(point, roster=()),
    ):
        thread.envelope = replace(thread.envelope, points=(planted,))
        access = thread.read().access
        assert access.readers <= {"dig", "sp", "cell"}
        assert "dig" in access.readers
        assert (access.releases, access.answers_to) == ({}, ABOVE)
        assert not Signers(thread.book.state).know(thread.envelope)


def test_a_desk_below_that_renews_the_key_adds_nobody_and_takes_the_tip_from_no_desk_above() -> None:
    thread = Thread()
    thread.renew(by="sp", without="dig", plants="lanka")
    thread.write(replace(NOTE, desk="dig"), "rao")
    assert thread.read().access.readers == {"dig", "sp", "cell"}
    assert Signers(thread.book.state).know(thread.envelope)
    thread.renew(plants="lanka")
    assert thread.read().access.readers == {"dig", "sp", "cell", "lanka"}, "its own is trusted"


@pytest.mark.parametrize("field", ["receipt", "header", "holders", "answers_to", "tipster_verifier", "document_sha256"])
def test_an_envelope_with_one_replaced_fact_is_shown_once_a_desk_wrote(field: str) -> None:
    thread = Thread()
    thread.write(replace(NOTE, desk="dig"), "rao")
    thread.envelope = replace(thread.envelope, **{field: FACTS.get(field, "other")})
    assert thread.read().altered


@pytest.mark.parametrize("by", ["dig", "sp"])
@pytest.mark.parametrize("field", ["receipt", "header", "holders", "answers_to", "tipster_verifier", "document_sha256"])
def test_a_renewal_that_replaces_a_fact_is_not_current_once_the_desk_above_renewed_the_key(field: str, by: str) -> None:
    thread = Thread()
    thread.renew()
    thread.envelope = replace(thread.envelope, **{field: FACTS.get(field, "other")})
    thread.renew(by=by)
    assert not Signers(thread.book.state).know(thread.envelope)


def test_a_desk_that_got_the_tip_from_a_desk_above_keeps_it_whatever_a_lower_desk_renews() -> None:
    thread = Thread()
    thread.write(step("directed", "lanka"), "rao")
    thread.renew()
    thread.write(step("directed", "lanka", desk="sp"), "khan")
    thread.renew(by="sp", without="lanka")
    thread.renew(by="sp", without="dig")
    assert Signers(thread.book.state).know(thread.envelope)
    assert thread.read().access.readers == {"dig", "sp", "cell", "lanka"}
    thread.envelope = replace(thread.envelope, points=thread.envelope.points[-1:])
    assert not Signers(thread.book.state).know(thread.envelope)


def test_a_desks_renewal_takes_back_releases_of_a_desk_below_though_their_message_is_deleted() -> None:
    thread = Thread()
    thread.renew()
    thread.write(step("directed", "lanka", desk="sp"), "khan")
    assert "lanka" in thread.read().access.readers
    thread.renew(by="sp", without="lanka")
    assert thread.read().access.readers == {"dig", "sp", "cell"}
    assert not thread.read().altered


def test_an_envelope_whose_key_is_neither_the_first_nor_the_newest_is_not_current() -> None:
    thread = Thread()
    for _ in range(2):
        own = replace(thread.envelope, identity=f"{new_identity()[1]}\n{thread.envelope.identity}")
        assert not Signers(thread.book.state).know(own)
        thread.renew()
        assert Signers(thread.book.state).know(thread.envelope)


def test_a_desk_below_that_renews_the_key_again_in_the_name_of_the_desk_above_is_not_trusted() -> None:
    thread = Thread()
    thread.renew(plants="lanka", told_by="sp")
    assert not Signers(thread.book.state).know(thread.envelope)
    thread.renew(by="sp")
    signers = Signers(thread.book.state)
    assert not signers.know(thread.envelope) or "lanka" not in thread.read().access.readers


def test_a_desk_that_renewed_the_key_accepts_no_other_envelope_even_if_it_lists_no_change() -> None:
    thread = Thread()
    first = thread.envelope.identity
    thread.renew()
    forged = replace(thread.envelope, identity=first, changes=(), points=(), receipt="another")
    assert kept_changes(thread.book.state, forged) is None
