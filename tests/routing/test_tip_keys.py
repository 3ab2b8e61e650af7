"""The present key of a tip follows from its changes; a change that somebody wrote into the database does not count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import Checkpoint, Envelope, Header, Message
from satark.roster.entries import DestinationSet, KeyChange, desk_verifier
from satark.routing import tip_keys
from satark.routing.authors import Writer, signed_by_tipster
from satark.routing.tip_keys import (
    TipKeyAltered,
    TipKeyChange,
    TipRoot,
    TipsterReader,
    name_tags,
    present_recipient,
    tip_verifier,
)
from support.roster import RosterBook

TIP, TIPSTER_KEY = "f" * 32, "5" * 32
HEADER = Header(number="K4Q7-2XPM", revision=1, category="COW", language="hi", received="2026-11-24T12/PT6H")
SP, CLERK, DIG = ("sp", "khan"), ("sp", "clerk"), ("dig", "rao")


class Renewals:
    """A tip of the SP and the DIG, whose key is renewed with each change of a desk's key."""

    def __init__(self) -> None:
        self.book = RosterBook.sealed()
        own = self.book.identities["email:sp", ""] = new_identity()[1]
        listed = DestinationSet(to="email:sp", desk="sp", recipient=recipient_of(own), verifier=desk_verifier(own))
        self.book.follow(listed, SP, CLERK)
        recipient, self.identity = new_identity()
        self.changes: list[TipKeyChange] = []
        self.root = TipRoot(
            tip=TIP,
            recipient=recipient,
            verifier=tip_verifier(self.identity),
            roster=self.book.state.position,
            desks=name_tags(TIP, ["sp", "dig"]),
            excluded=name_tags(TIP, ["lanka"]),
            tipster_key=TIPSTER_KEY,
        )

    def change_desk_key(self, desk: str, *signers: tuple[str, str]) -> str:
        """Change a desk's key in the roster; return the new identity."""
        old, (_, new) = self.book.identities[desk, ""], new_identity()
        self.book.follow(KeyChange.of(desk, old, new), *signers)
        self.book.identities[desk, ""] = new
        return new

    def renew(self, desk: str, desk_identity: str, before: str = "", without: str = "") -> str:
        """Renew the tip's key as a desk does; return the new recipient."""
        old = before or self.identity.split("\n")[0]
        recipient, new = new_identity()
        self.identity = f"{new}\n{self.identity}"
        point = Checkpoint(1, b"", (self.book.state.head,), {}, {}, {})
        told = {"identity": self.identity, "header": HEADER, "receipt": self.root.receipt, "checkpoint": point}
        envelope = Envelope(tip=TIP, desk=desk, **told)  # type: ignore[arg-type]
        self.changes.append(tip_keys._change(envelope, old, self.identity, desk_identity, without))
        return recipient

    def present(self, changes: Sequence[TipKeyChange] | None = None) -> str:
        """Return the tip's present recipient, as it follows from the changes."""
        listed = self.changes if changes is None else changes
        encoded = tip_keys._encode(tuple(listed)) if listed else b""
        return present_recipient(self.root, encoded, self.book.state)

    def written(
        self, desk: str, seq: int = 1, identity: str = "", tip: str = TIP, tip_key: str = "", **fields: Any
    ) -> Message:
        """Return a message to the tipster, signed with the desk's key or another, and with the tip's or another."""
        envelope = Envelope(tip=tip, desk=desk, identity=tip_key or identity or self.identity, header=HEADER)
        writer = Writer(name="one", identity=identity or self.book.identities.get((desk, ""), self.identity))
        fields.setdefault("roster", (self.book.state.head,))
        message = Message(sender="desk", desk=desk, text="come at nine", **fields)
        return writer.signed(message, envelope, seq, 1, [self.root.recipient])

    def shown(self, *messages: Message) -> list[bool]:
        """Return of each message of a thread whether its tipster may be shown it."""
        encoded = tip_keys._encode(tuple(self.changes))
        reader = TipsterReader(self.root, encoded, self.book.state)
        return [reader.may_show(seq, one) for seq, one in enumerate(messages, 1)]


@pytest.fixture
def renewals() -> Renewals:
    return Renewals()


def test_the_present_key_is_the_newest_that_the_keys_before_signed(renewals: Renewals) -> None:
    assert renewals.present() == renewals.root.recipient
    first = renewals.renew("sp", renewals.change_desk_key("sp", SP))
    assert renewals.present() == first == renewals.changes[0].recipient
    second = renewals.renew("dig", renewals.change_desk_key("dig", DIG))
    assert renewals.present() == second
    assert len(renewals.changes) == 2


def test_a_change_that_is_altered_left_out_or_out_of_order_is_refused(renewals: Renewals) -> None:
    renewals.renew("sp", renewals.change_desk_key("sp", SP))
    renewals.renew("dig", renewals.change_desk_key("dig", DIG))
    first, second = renewals.changes
    stranger, _ = new_identity()
    replace = msgspec.structs.replace
    for changes in (
        [],
        [first],
        [second],
        [second, first],
        [first, first],
        [replace(first, recipient=stranger), second],
        [first, replace(second, recipient=stranger)],
        [first, replace(second, verifier=first.verifier)],
        [first, replace(second, desk="sp")],
        [first, replace(second, signature=first.signature)],
        [first, replace(second, desk_signature=first.desk_signature)],
    ):
        with pytest.raises(TipKeyAltered):
            renewals.present(changes)
    with pytest.raises(TipKeyAltered):
        present_recipient(renewals.root, b"\xff", renewals.book.state)


def test_a_change_by_another_key_of_the_tip_or_of_the_desk_is_refused(renewals: Renewals) -> None:
    desk_identity = renewals.change_desk_key("sp", SP)
    renewals.renew("sp", desk_identity, before=new_identity()[1])
    with pytest.raises(TipKeyAltered):
        renewals.present()
    renewals.changes.clear()
    renewals.renew("sp", new_identity()[1])
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_desk_that_must_never_have_the_tip_can_not_renew_its_key(renewals: Renewals) -> None:
    renewals.renew("lanka", renewals.change_desk_key("lanka", ("lanka", "so")))
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_desk_that_has_the_tip_must_renew_its_key_when_the_desks_own_key_changes(renewals: Renewals) -> None:
    renewals.change_desk_key("sp-jaunpur", ("sp-jaunpur", "iyer"))  # a desk that never had the tip
    assert renewals.present() == renewals.root.recipient
    renewals.change_desk_key("sp", SP)
    with pytest.raises(TipKeyAltered):
        renewals.present()
    later = msgspec.structs.replace(renewals.root, roster=renewals.book.state.position)
    assert present_recipient(later, b"", renewals.book.state) == later.recipient


def test_a_desk_from_which_the_tip_was_taken_need_not_renew_its_key(renewals: Renewals) -> None:
    renewals.root = msgspec.structs.replace(renewals.root, receipt="age1receipt")
    renewals.renew("dig", renewals.book.identities["dig", ""], without="sp")
    newest = renewals.present()
    renewals.change_desk_key("sp", SP)
    assert renewals.present() == newest
    renewals.root = msgspec.structs.replace(renewals.root, receipt="age1another")
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_tipster_is_shown_what_a_desk_signed_at_its_own_place_and_words_of_their_own(renewals: Renewals) -> None:
    assert renewals.shown(renewals.written("sp"), renewals.written("dig", 2)) == [True, True]
    signed, replace = renewals.written("sp", status="CLOSED"), msgspec.structs.replace
    for forged in (
        Message(sender="desk", desk="sp", text="send us your name"),
        renewals.written("sp", identity=new_identity()[1]),
        replace(signed, desk="dig"),
        replace(signed, text="come alone"),
        replace(signed, question=True),
        replace(signed, status="ACTED"),
        replace(signed, internal=True),
        renewals.written("sp", tip="e" * 32),
        renewals.written("sp", tip_key=new_identity()[1]),  # that of a release
        replace(signed, signature=signed.signature[:64]),
        replace(signed, signature=signed.signature[64:]),
        renewals.written("sp", seq=2),
        renewals.written("sp", seq=0),
        renewals.written("no such desk"),
    ):
        assert renewals.shown(forged) == [False], forged.text
    renewals.change_desk_key("sp", SP)
    assert renewals.shown(signed, renewals.written("sp", 2)) == [True, True], "the key of its time signed it"


def test_a_tipster_is_shown_as_their_own_what_their_key_signed_for_this_place_of_this_tip(renewals: Renewals) -> None:
    plain = Message(sender="tipster", text="no", feedback="no")
    own = signed_by_tipster(plain, TIP, 1, TIPSTER_KEY)
    assert renewals.shown(own, own) == [True, False]
    for forged in (
        plain,
        msgspec.structs.replace(own, feedback="yes"),
        msgspec.structs.replace(own, sender="desk", desk="sp"),
        signed_by_tipster(plain, TIP, 1, "6" * 32),
        signed_by_tipster(plain, "e" * 32, 1, TIPSTER_KEY),
    ):
        assert renewals.shown(forged) == [False]
    for key in ("", TIPSTER_KEY):  # a receipt of before tipsters signed
        renewals.root = msgspec.structs.replace(renewals.root, tipster_key="")
        assert renewals.shown(signed_by_tipster(plain, TIP, 1, key)) == [False]


def test_a_tipster_is_shown_nothing_of_an_excluded_desk_or_of_one_that_a_signed_head_lacks(renewals: Renewals) -> None:
    message = renewals.written("lanka"), renewals.written("dig", 2)
    assert renewals.shown(*message) == [False, True]
    renewals.book.state.refused.add("dig")
    assert renewals.shown(*message) == [False, False]


def test_a_tipster_is_shown_an_offices_answer_once(renewals: Renewals) -> None:
    answer = renewals.written("cell", seq=0)
    assert renewals.shown(answer, answer) == [True, False]
    assert renewals.shown(answer, renewals.written("cell", seq=0)) == [True, True], "the same words, written again"
    message = renewals.written("dig", 2)
    assert renewals.shown(message, message) == [False, True], "a copy keeps nothing away"


@pytest.mark.parametrize("by", ["sp", "email:sp", "cell"])
def test_a_tipster_is_shown_nothing_by_a_former_key_of_the_tip_once_it_was_renewed(renewals: Renewals, by: str) -> None:
    """A desk that the tip was taken from has its own key, and the tip's former ones."""
    former = renewals.identity
    late = renewals.written(by, 2)
    assert renewals.shown(renewals.written("dig"), late) == [True, True]
    renewals.renew("dig", renewals.book.identities["dig", ""])
    newest = renewals.written(by, 2)
    assert renewals.shown(renewals.written("dig", tip_key=former), late) == [True, False]
    assert renewals.shown(renewals.written("dig", tip_key=former), newest) == [True, True]


def test_a_tipster_is_shown_what_a_destination_that_the_roster_lists_signed_with_its_own_key(
    renewals: Renewals,
) -> None:
    before = renewals.written("email:sp", status="ACTED")
    renewals.renew("sp", renewals.change_desk_key("sp", SP))
    assert renewals.shown(before, renewals.written("email:sp", 2)) == [True, True]
    for identity in (new_identity()[1], renewals.identity, renewals.book.identities["sp", ""]):
        forged = renewals.written("email:sp", 2, identity=identity, tip_key=renewals.identity)
        assert renewals.shown(before, forged) == [True, False]
    renewals.book.identities["police:x", ""] = new_identity()[1]
    assert renewals.shown(before, renewals.written("police:x", 2)) == [True, False]
    forged_change = msgspec.structs.replace(renewals.changes[0], verifier=tip_verifier(new_identity()[1]))
    renewals.changes = [forged_change]
    assert renewals.shown(before, renewals.written("dig", 2)) == [False, False]


def test_tags_reveal_a_name_only_together_with_the_tips_id() -> None:
    tags = name_tags(TIP, ["sp", "dig"])
    assert len(tags) == 8
    assert tags == name_tags(TIP, ["dig", "sp"]) != name_tags("e" * 32, ["dig", "sp"])
    assert name_tags(TIP, []) == b""
    assert {name_tags(TIP, [name]) for name in ("sp", "dig")} == {tags[:4], tags[4:]}


def test_a_root_is_padded_and_shows_nothing() -> None:
    root = Renewals().root
    encoded = tip_keys.encode_root(root)
    assert len(encoded) == 3072
    assert tip_keys.decode_root(encoded) == root
    assert len(tip_keys.encode_root(msgspec.structs.replace(root, excluded=b"x" * 40))) == 3072
    assert len(tip_keys.encode_root(msgspec.structs.replace(root, excluded=b"x" * 900))) == 4096
    assert repr(root) == "TipRoot(…)"
