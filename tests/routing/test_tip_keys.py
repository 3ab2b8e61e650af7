"""The current key of a tip follows from its changes; a change forged in the database doesn't count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from satark.api.sealing import new_identity, recipient_of
from satark.api.tip import Checkpoint, Envelope, Header, Message, TipKeyChange
from satark.roster.entries import RENEWED, DestinationSet, Entry, KeyChange, KeysRenewed, desk_verifier
from satark.roster.rules import NotAllowed, check
from satark.routing import tip_keys
from satark.routing.authors import Writer, signed_by_tipster, told_hash
from satark.routing.renewals import remembered, tip_verifier
from satark.routing.tip_keys import TipKeyAltered, TipRoot, TipsterReader, name_tags, present_recipient
from support.roster import RosterBook
from support.tips import tip_of

TIPSTER_KEY = "5" * 32
TIP = tip_of(TIPSTER_KEY)
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
        verifier = tip_verifier(self.identity)
        self.changes: list[TipKeyChange] = []
        self.root = TipRoot(
            tip=TIP,
            recipient=recipient,
            verifier=verifier,
            holders=name_tags(verifier, ["sp", "dig"]),
            roster=self.book.state.head,
            excluded=name_tags(TIP, ["lanka"]),
            tipster_key=TIPSTER_KEY,
        )

    def change_desk_key(self, desk: str, *signers: tuple[str, str]) -> str:
        """Change a desk's key in the roster; return the new identity."""
        old, (_, new) = self.book.identities[desk, ""], new_identity()
        self.book.follow(KeyChange.of(desk, old, new), *signers)
        self.book.identities[desk, ""] = new
        return new

    def renew(
        self,
        desk: str,
        before: str = "",
        *,
        known: bool = True,
        lost: tuple[str, ...] = (),
        told: tuple[Message, ...] = (),
    ) -> str:
        """Renew the tip's key as a desk does; return the new recipient. `known`: the roster remembers it.

        `told`: what the desk knows that desks had written to the tipster.
        """
        recipient, new = new_identity()
        self.identity = f"{new}\n{self.identity}"
        envelope = Envelope(tip=TIP, desk=desk, identity=self.identity, header=HEADER)
        point = Checkpoint(1, b"", (self.book.state.head,), {}, {}, {})
        made = tuple(replace(one, recipient="") for one in self.changes)
        if before:
            envelope = replace(envelope, identity=f"{new}\n{before}")
        hashes = b"".join(told_hash(one, TIP, seq) for seq, one in enumerate(told, 1))
        changed = tip_keys._with_change(envelope, point, () if before else made, lost, hashes)
        self.changes.append(replace(changed.changes[-1], recipient=recipient))
        if known:
            self.remember(desk, self.changes)
        return recipient

    def remember(self, desk: str, changes: Sequence[TipKeyChange], by: str = "") -> None:
        """Add the newest of these changes to the roster, as a desk does."""
        tips = remembered(desk, self.identity, changes)[:RENEWED]
        self.book.follow(KeysRenewed(desk=desk, tips=tips), (by or desk, ""))

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
        message = Message(sender="desk", desk=desk, **{"text": "come at nine", **fields})
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
    first = renewals.renew("sp")
    assert renewals.present() == first == renewals.changes[0].recipient
    second = renewals.renew("dig")
    assert renewals.present() == second
    assert len(renewals.changes) == 2


def test_a_change_that_is_altered_left_out_or_out_of_order_is_refused(renewals: Renewals) -> None:
    renewals.renew("sp")
    renewals.renew("dig")
    first, second = renewals.changes
    stranger, _ = new_identity()
    for changes in (
        [],
        [first],
        [second],
        [second, first],
        [first, first],
        [first, second, second],
        [replace(first, recipient=stranger), second],
        [first, replace(second, recipient=stranger)],
        [first, replace(second, verifier=first.verifier)],
        [first, replace(second, desk="sp")],
        [first, replace(second, point=first.signature)],
        [first, replace(second, lost=bytes(4))],
        [first, replace(second, disclosed=bytes(64))],
        [first, replace(second, signature=first.signature)],
    ):
        with pytest.raises(TipKeyAltered):
            renewals.present(changes)
    with pytest.raises(TipKeyAltered):
        present_recipient(renewals.root, b"\xff", renewals.book.state)


def test_a_change_that_another_key_signed_or_the_roster_does_not_know_is_refused(renewals: Renewals) -> None:
    renewals.renew("sp", before=new_identity()[1])
    with pytest.raises(TipKeyAltered):
        renewals.present()
    renewals.changes.clear()
    renewals.renew("dig", known=False)
    with pytest.raises(TipKeyAltered):
        renewals.present()
    with pytest.raises(NotAllowed):
        renewals.remember("dig", renewals.changes, by="sp")
    renewals.remember("dig", renewals.changes)
    assert renewals.present() == renewals.changes[-1].recipient


def test_a_former_key_of_a_desk_adds_no_renewal_and_none_is_added_again(renewals: Renewals) -> None:
    old = renewals.book.identities["sp", ""]
    renewals.renew("sp")
    entry = Entry.decode(renewals.book.entries[-1])
    renewals.change_desk_key("sp", SP)
    with pytest.raises(NotAllowed):
        check(renewals.book.state, entry)
    renewals.book.identities["sp", ""] = old
    with pytest.raises(NotAllowed):
        renewals.remember("sp", renewals.changes)


def test_a_desk_that_lost_the_tip_can_not_replace_the_key_of_the_desk_above(renewals: Renewals) -> None:
    first = renewals.identity
    renewals.renew("dig")
    honest = renewals.identity, renewals.changes
    renewals.identity, renewals.changes = first, []
    renewals.renew("sp")
    with pytest.raises(TipKeyAltered):
        renewals.present()
    renewals.identity, renewals.changes = honest
    assert renewals.present() == renewals.changes[-1].recipient, "it keeps nobody from writing"
    assert renewals.renew("dig") == renewals.present()


@pytest.mark.parametrize(("desk", "by"), [("sp", "dig"), ("sp", "sp"), ("dig", "dig"), ("sp", "sp-jaunpur")])
def test_a_desk_that_forges_a_renewal_blocks_others_from_writing_until_it_or_a_desk_above_renews_the_key(
    renewals: Renewals, desk: str, by: str
) -> None:
    honest = renewals.identity, renewals.changes[:]
    renewals.renew(desk)
    renewals.identity, renewals.changes = honest
    with pytest.raises(TipKeyAltered):
        renewals.present()
    new = renewals.renew(by)
    if by != "sp-jaunpur":
        assert new == renewals.present()
        return
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_line_of_keys_that_its_desk_withdrew_does_not_become_current_again(renewals: Renewals) -> None:
    first = renewals.identity
    renewals.renew("dig")
    given_up = renewals.identity, renewals.changes[:]
    renewals.identity, renewals.changes = first, []  # an older backup
    newest = renewals.renew("dig")
    honest = renewals.changes[:]
    renewals.identity, renewals.changes = given_up
    renewals.renew("sp")
    for changes in (renewals.changes, given_up[1][:1], []):
        with pytest.raises(TipKeyAltered):
            renewals.present(changes)
    assert renewals.present(honest) == newest


def test_another_desks_statements_about_a_tip_have_no_effect_in_a_desks_own_name(renewals: Renewals) -> None:
    first = renewals.identity
    renewals.renew("sp", known=False)
    said = remembered("sp", renewals.identity, renewals.changes)[:RENEWED]
    renewals.identity, renewals.changes = first, []
    renewals.book.follow(KeysRenewed(desk="dig", tips=said), ("dig", ""))
    assert renewals.present() == renewals.root.recipient


def test_no_other_line_of_keys_from_before_a_renewal_by_the_desk_above_is_current(
    renewals: Renewals,
) -> None:
    """The desk has had the tip's first key, and its entry is rightly signed: it may have lost the tip since."""
    first = renewals.identity
    renewals.renew("sp")
    renewals.renew("dig")
    renewals.identity, renewals.changes = first, []
    renewals.renew("sp")
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_key_change_counts_only_in_the_name_of_the_desk_that_reported_it_to_the_roster(
    renewals: Renewals,
) -> None:
    renewals.renew("dig", known=False)
    tips = remembered("sp", renewals.identity, renewals.changes)[:RENEWED]
    renewals.book.follow(KeysRenewed(desk="sp", tips=tips), ("sp", ""))
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_desk_that_must_never_have_the_tip_can_not_renew_its_key(renewals: Renewals) -> None:
    renewals.renew("lanka")
    with pytest.raises(TipKeyAltered):
        renewals.present()


def test_a_desk_that_changed_its_own_key_and_renewed_no_tip_blocks_its_tipsters_unless_it_lost_the_tip(
    renewals: Renewals,
) -> None:
    renewals.change_desk_key("sp-jaunpur", ("sp-jaunpur", "iyer"))  # it never had it
    assert renewals.present() == renewals.root.recipient
    renewals.change_desk_key("sp", SP)
    with pytest.raises(TipKeyAltered):
        renewals.present()
    assert renewals.renew("dig") == renewals.present()
    renewals.change_desk_key("sp", SP)
    with pytest.raises(TipKeyAltered):
        renewals.present()
    assert renewals.renew("dig", lost=("sp",)) == renewals.present()
    renewals.change_desk_key("sp", SP)
    renewals.change_desk_key("sp-jaunpur", ("sp-jaunpur", "iyer"))
    assert renewals.present() == renewals.changes[-1].recipient


@pytest.mark.slow("keys of several officers")
@pytest.mark.parametrize(("officer", "waits"), [("clerk", True), ("watcher", False)])
def test_nothing_is_sealed_to_a_tips_old_key_after_one_of_its_readers_lost_theirs(
    renewals: Renewals, officer: str, *, waits: bool
) -> None:
    lost = renewals.book.new_key("sp", officer, "c0de-c0de")
    renewals.book.follow(lost, SP, CLERK if officer == "watcher" else DIG, code="c0de-c0de")
    if waits:
        with pytest.raises(TipKeyAltered):
            renewals.present()
        renewals.renew("sp")
    assert renewals.present() == (renewals.changes[0].recipient if waits else renewals.root.recipient)


def test_a_tipster_sees_messages_that_a_desk_signed_for_their_place_and_the_tipsters_own_words(
    renewals: Renewals,
) -> None:
    assert renewals.shown(renewals.written("sp"), renewals.written("dig", 2)) == [True, True]
    signed = renewals.written("sp", status="CLOSED")
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
    assert renewals.shown(signed, renewals.written("sp", 2)) == [False, True], "the tip was hidden from the desk"
    renewals.renew("sp", told=(signed,))
    assert renewals.shown(signed, renewals.written("sp", 2)) == [True, True], "the key of its time signed it"


def test_a_tipster_sees_as_their_own_only_words_that_their_key_signed_for_this_place_of_this_tip(
    renewals: Renewals,
) -> None:
    plain = Message(sender="tipster", text="no", feedback="no")
    own = signed_by_tipster(plain, TIP, 1, TIPSTER_KEY)
    assert renewals.shown(own, own) == [True, False]
    for forged in (
        plain,
        replace(own, feedback="yes"),
        replace(own, sender="desk", desk="sp"),
        signed_by_tipster(plain, TIP, 1, "6" * 32),
        signed_by_tipster(plain, "e" * 32, 1, TIPSTER_KEY),
    ):
        assert renewals.shown(forged) == [False]
    for key in ("", TIPSTER_KEY):  # a receipt of before tipsters signed
        renewals.root = replace(renewals.root, tipster_key="")
        assert renewals.shown(signed_by_tipster(plain, TIP, 1, key)) == [False]


def test_a_tipster_sees_no_message_of_an_excluded_desk_or_of_a_desk_missing_from_a_signed_head(
    renewals: Renewals,
) -> None:
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
def test_a_tipster_sees_no_message_under_a_former_key_of_the_tip_after_its_renewal(renewals: Renewals, by: str) -> None:
    """The attacker is a desk that lost the tip: it has its own key, and the tip's former keys."""
    former = renewals.identity
    late = renewals.written(by, 2)
    assert renewals.shown(renewals.written("dig"), late) == [True, True]
    renewals.renew("dig", lost=("sp",))
    newest = renewals.written(by, 2)
    assert renewals.shown(renewals.written("dig", tip_key=former), late) == [True, False]
    assert renewals.shown(renewals.written("dig", tip_key=former), newest) == [True, True]


def test_a_tipster_sees_nothing_signed_by_a_former_key_in_place_of_a_desks_recorded_message(
    renewals: Renewals,
) -> None:
    """Attackers: a former DIG officer with the desk's former key, and a desk that lost the tip. Both have its key."""
    former, told = renewals.identity, (renewals.written("sp"), renewals.written("dig", 2))
    leaver = renewals.book.identities["dig", ""]
    forged = renewals.written("sp", text="your name?"), renewals.written("dig", 2, text="your name?")
    renewals.change_desk_key("dig", ("dig", "rao"))
    renewals.renew("dig", lost=("sp",), told=told)
    assert renewals.shown(*told) == [True, True]
    assert renewals.shown(*forged) == [False, False]
    assert renewals.shown(renewals.written("dig", 1, leaver, tip_key=former)) == [False]
    assert renewals.shown(*reversed(told)) == [False, False], "each at its own place"
    renewals.renew("dig", told=told)
    assert renewals.shown(*told) == [True, True]


def test_a_desk_belows_renewal_hides_no_answer_and_has_no_effect_after_the_desk_above_renewed_the_key(
    renewals: Renewals,
) -> None:
    former, planned = renewals.identity, renewals.written("sp", text="your name?")
    answers = renewals.written("dig"), renewals.written("dig", 2)
    renewals.renew("sp", lost=("dig",), told=(planned,))
    assert renewals.shown(*answers) == [True, True], "the desk has the tip, and signed by its present key"
    renewals.change_desk_key("dig", ("dig", "rao"))
    assert renewals.shown(*answers) == [False, False], "somebody may have left with this key"
    renewals.renew("dig", lost=("sp",), told=answers)
    assert renewals.shown(*answers) == [True, True]
    assert renewals.shown(planned, renewals.written("dig", 2, tip_key=former)) == [False, True]


def test_only_a_desk_above_says_that_a_desk_lost_the_tip(renewals: Renewals) -> None:
    for lost in ("dig", "sp"):
        renewals.renew("sp", lost=(lost,))
        renewals.change_desk_key(lost, SP if lost == "sp" else ("dig", "rao"))
        with pytest.raises(TipKeyAltered):
            renewals.present()
        assert renewals.renew(lost) == renewals.present()


def test_a_tipster_sees_a_message_that_a_listed_destination_signed_with_its_own_key(
    renewals: Renewals,
) -> None:
    before = renewals.written("email:sp", status="ACTED")
    renewals.change_desk_key("sp", SP)
    renewals.renew("sp", told=(before,))
    assert renewals.shown(before, renewals.written("email:sp", 2)) == [True, True]
    for identity in (new_identity()[1], renewals.identity, renewals.book.identities["sp", ""]):
        forged = renewals.written("email:sp", 2, identity=identity, tip_key=renewals.identity)
        assert renewals.shown(before, forged) == [True, False]
    renewals.book.identities["police:x", ""] = new_identity()[1]
    assert renewals.shown(before, renewals.written("police:x", 2)) == [True, False]
    renewals.changes = [replace(renewals.changes[0], verifier=tip_verifier(new_identity()[1]))]
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
    assert len(tip_keys.encode_root(replace(root, excluded=b"x" * 40))) == 3072
    assert len(tip_keys.encode_root(replace(root, excluded=b"x" * 900))) == 4096
    assert repr(root) == "TipRoot(…)"
