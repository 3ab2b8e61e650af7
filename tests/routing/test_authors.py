"""A desk's message counts only if its officer signed it and its desk has the tip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from satark.api.sealing import CantOpen, decrypt, new_identity, open_as
from satark.api.tip import CaseStep, Envelope, Header, Message, Release
from satark.identity.signatures import verifier_for
from satark.roster.entries import DestinationSet, KeyChange, desk_verifier
from satark.roster.rules import MAX_NAME
from satark.routing.authors import (
    Author,
    Signers,
    ThreadReader,
    Writer,
    post_as_tipster,
    signed_by_tipster,
)
from satark.routing.sent import TIPSTER_USE
from satark.store import tables
from support.roster import RosterBook
from support.store import fresh_services

RECIPIENT, IDENTITY = new_identity()
HEADER = Header(number="K", revision=1, category="", language="", received="", excluded=("sp-jaunpur",))
HOLDERS = {"sp": ("email:sp",), "dig": (), "cell": ()}
TIPSTER_KEY = "5" * 32
ENVELOPE = Envelope(
    tip="t",
    desk="dig",
    identity=IDENTITY,
    header=HEADER,
    holders=HOLDERS,
    tipster_verifier=verifier_for(TIPSTER_KEY, TIPSTER_USE),
)
NOTE = Message(sender="desk", desk="sp", text="a note", internal=True)
CODE = "abcd-2345"


OWN = new_identity()[1]
"""A destination's own key."""


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


def list_destination(book: RosterBook, verifier: str) -> None:
    body = DestinationSet(to="email:sp", desk="sp", recipient=RECIPIENT, verifier=verifier)
    book.follow(body, ("sp", "khan"), ("sp", "clerk"))


def written(book: RosterBook, message: Message = NOTE, officer: str = "clerk", seq: int = 1, **options: Any) -> Message:
    """Return a message as an officer signs it, with the keys that the book has for its desk."""
    keys = {"identity": book.identities[message.desk, ""], "own_identity": book.identities[message.desk, officer]}
    writer = Writer(name=officer, **{**keys, **options})
    message = replace(message, roster=message.roster or (book.state.head,))
    return writer.signed(message, ENVELOPE, seq, 1_800_000_000, [RECIPIENT])


def read(book: RosterBook, *messages: Message, first: int = 1, envelope: Envelope = ENVELOPE) -> list[str | None]:
    """Return the author of each message of a thread; None: the message doesn't count."""
    signers = Signers(book.state)
    reader = ThreadReader(envelope, signers)
    authors = [reader.read(seq, one, signers) for seq, one in enumerate(messages, first)]
    return [one.name if one else None for one in authors]


def step(kind: str, desk: str = "sp", **fields: Any) -> Message:
    case = CaseStep(kind=kind, **fields)  # type: ignore[arg-type]
    return Message(sender="desk", desk=desk, internal=True, case=case)


def test_an_officers_message_counts_and_names_its_author_and_time(book: RosterBook) -> None:
    message = written(book)
    author = ThreadReader(ENVELOPE, Signers(book.state)).read(1, message, Signers(book.state))
    assert author is not None
    assert (author.name, author.at) == ("clerk", 1_800_000_000)
    officer = book.state.officer("sp", "clerk")
    assert officer is not None
    assert author.signer == officer.signer
    with pytest.raises(CantOpen):
        open_as(Author, message.officer, new_identity()[1])


def test_a_tip_sealed_under_another_roster_is_altered_whichever_roster_is_served_later(book: RosterBook) -> None:
    list_destination(book, desk_verifier(OWN))
    signers = Signers(book.state)
    sealed = replace(ENVELOPE, roster=book.state.head)
    assert not ThreadReader(sealed, signers).altered
    of_no_desk = replace(sealed, holders={**HOLDERS, "": ("email:sp",)})
    assert not ThreadReader(of_no_desk, signers).altered
    for forged in (
        replace(sealed, roster="ab" * 32),
        replace(sealed, holders={**HOLDERS, "spy": ()}),
        replace(sealed, holders={**HOLDERS, "": ("email:spy",)}),
        replace(sealed, holders={**HOLDERS, "sp": ("email:spy",)}),
    ):
        assert ThreadReader(forged, signers).altered
    elsewhere = RosterBook.sealed().state
    assert ThreadReader(sealed, Signers(elsewhere)).altered, "an office that has not got the host's roster"
    assert not ThreadReader(sealed, Signers(elsewhere, host=book.state)).altered


def test_a_tipsters_message_counts_if_their_own_key_signed_it_for_this_place_of_this_tip(book: RosterBook) -> None:
    plain = Message(sender="tipster", text="no", flags=("danger:life",))
    own = signed_by_tipster(plain, "t", 1, TIPSTER_KEY)
    assert read(book, own, own) == ["", None]
    by_holder = Writer(name="x", identity=IDENTITY, own_identity=IDENTITY)
    for forged in (
        plain,
        replace(own, text="yes"),
        replace(own, flags=()),
        signed_by_tipster(plain, "t", 1, "6" * 32),
        signed_by_tipster(plain, "t", 1, IDENTITY),
        signed_by_tipster(plain, "u", 1, TIPSTER_KEY),
        by_holder.signed(plain, ENVELOPE, 1, 1, [RECIPIENT]),
    ):
        assert read(book, forged) == [None]
    before = replace(ENVELOPE, tipster_verifier="")
    assert read(book, signed_by_tipster(plain, "t", 1, ""), envelope=before) == [None]


@pytest.mark.slow("a database")
def test_only_a_danger_message_has_its_minute_sealed_to_the_tips_key(tmp_path: Path) -> None:
    services, receipt = fresh_services(tmp_path), new_identity()
    plain, cry = (Message(sender="tipster", text="on the roof", flags=flags) for flags in ((), ("danger:life",)))
    for one in (plain, cry):
        services.write_now(lambda unit, one=one: post_as_tipster(unit, "t", one, TIPSTER_KEY, RECIPIENT, receipt[0]))  # type: ignore[misc]
    sealed = services.read(lambda c: c.execute(select(tables.message.c.sealed)).scalars().all())
    assert len({len(one) for one in sealed}) == 1
    posted = [open_as(Message, one, receipt[1]) for one in sealed]
    with pytest.raises(CantOpen):
        open_as(Author, posted[1].officer, receipt[1])
    signers = Signers(RosterBook.sealed().state)
    read_by_desk = ThreadReader(ENVELOPE, signers)
    authors = [read_by_desk.read(seq, one, signers) for seq, one in enumerate(posted, 1)]
    minutes = [one.at for one in authors if one]
    assert minutes[0] == open_as(Author, posted[0].officer, IDENTITY).at == 0
    assert minutes[1] > 0 == minutes[1] % 60


@pytest.mark.parametrize("name", ["rao", "x" * MAX_NAME, "रमेश सिंह", "ह" * MAX_NAME, '"' * MAX_NAME])
def test_the_sealed_officer_has_one_size_for_every_name_in_either_script(name: str) -> None:
    writer = Writer(name=name, identity=IDENTITY, own_identity=IDENTITY)
    message = writer.signed(NOTE, ENVELOPE, 1, 1_800_000_000, [RECIPIENT])
    assert len(decrypt(message.officer, IDENTITY)) == 384


def test_a_message_without_a_signature_or_signed_by_a_colleague_does_not_count(book: RosterBook) -> None:
    khan = book.identities["sp", "khan"]
    stranger = new_identity()[1]
    for forged in (
        NOTE,
        written(book, own_identity=khan),
        written(book, own_identity=stranger),
        written(book, own_identity="", identity=book.identities["sp", ""]),
    ):
        assert read(book, forged) == [None]


def test_a_signature_is_valid_only_for_its_own_words_tip_and_place(book: RosterBook) -> None:
    message = written(book)
    assert read(book, message) == ["clerk"]
    assert read(book, message, first=2) == [None]
    assert read(book, message, envelope=replace(ENVELOPE, tip="u")) == [None]
    for altered in ({"text": "b"}, {"internal": False}, {"retention": "ask_erasure"}, {"status": "CLOSED"}):
        assert read(book, replace(message, **altered)) == [None]


def test_only_a_desk_that_has_the_tip_writes_on_it(book: RosterBook) -> None:
    other = written(book, replace(NOTE, desk="sp-jaunpur"), "iyer")
    assert read(book, other) == [None]
    directed = written(book, step("directed", to="lanka", release=Release(key=new_identity()[1])))
    assert read(book, written(book, replace(NOTE, desk="lanka"), "so")) == [None]
    note = written(book, replace(NOTE, desk="lanka"), "so", seq=2)
    assert read(book, directed, note) == ["clerk", "so"]
    for kind in ("directed", "withdrawn", "asked_raw"):
        forbidden = written(book, step(kind, "lanka", to="sp"), "so", seq=2)
        assert read(book, directed, forbidden) == ["clerk", None]
    withdrawn = written(book, step("withdrawn", to="lanka"), seq=2)
    late = written(book, replace(NOTE, desk="lanka"), "so", seq=3)
    assert read(book, directed, withdrawn, late) == ["clerk", "clerk", None]


@pytest.mark.slow("keys of several officers")
def test_an_officers_messages_still_count_after_their_removal_or_key_change(book: RosterBook) -> None:
    before = written(book)
    book.follow(book.new_key("sp", "clerk", CODE), ("sp", "khan"), ("dig", "rao"), code=CODE)
    after = written(book, seq=2)
    old, (_, new) = book.identities["sp", ""], new_identity()
    book.follow(KeyChange.of("sp", old, new, removed="clerk"), ("sp", "khan"), ("dig", "rao"))
    assert book.state.officer("sp", "clerk") is None
    assert read(book, before, after) == ["clerk", "clerk"]


def test_the_key_of_a_desk_without_listed_officers_signs_once(book: RosterBook) -> None:
    named = Writer(name="anand", identity=book.identities["cell", ""])
    message = named.signed(replace(NOTE, desk="cell"), ENVELOPE, 0, 1_800_000_000, [RECIPIENT])
    assert read(book, message, message) == ["", None], "the desk's key gives any name"
    stranger = Writer(name="anand", identity=new_identity()[1])
    assert read(book, stranger.signed(replace(NOTE, desk="cell"), ENVELOPE, 0, 1, [RECIPIENT])) == [None]


def test_a_listed_destination_signs_with_its_own_key_as_itself_and_asks_at_most(
    book: RosterBook,
) -> None:
    def by_machine(message: Message, identity: str = OWN, name: str = "email:sp") -> Message:
        return Writer(name=name, identity=identity).signed(message, ENVELOPE, 1, 1_800_000_000, [RECIPIENT])

    own = Message(sender="desk", desk="email:sp", status="ACTED")
    assert read(book, by_machine(own)) == [None], "the roster lists no verifier"
    list_destination(book, desk_verifier(OWN))
    assert read(book, by_machine(own)) == ["email:sp"]
    assert read(book, by_machine(step("asked_to_close"))) == ["email:sp"]
    for identity in (new_identity()[1], IDENTITY, book.identities["sp", ""]):
        assert read(book, by_machine(own, identity)) == [None]
    in_its_desks_name = replace(own, desk="sp"), replace(NOTE, desk="sp")
    steps = step("directed", to="lanka"), replace(NOTE, retention="ask_hold"), step("asked_to_close", "dig")
    for refused in (*in_its_desks_name, *steps):
        assert read(book, by_machine(refused)) == [None]
    elsewhere = replace(ENVELOPE, holders={"sp": (), "dig": ()})
    assert read(book, by_machine(own), envelope=elsewhere) == [None]
    before, head = by_machine(own), book.state.head
    list_destination(book, "")
    assert read(book, before) == [None]
    assert read(book, by_machine(replace(own, roster=(head,)))) == ["email:sp"], "it was listed then"


def test_a_direction_opens_the_tip_only_to_listed_destinations_of_its_desk_and_only_by_its_giver(
    book: RosterBook,
) -> None:
    list_destination(book, desk_verifier(OWN))

    def readers(by: str, officer: str, to: str, destinations: tuple[str, ...], **holders: tuple[str, ...]) -> set[str]:
        envelope = replace(ENVELOPE, holders=holders, answers_to={"sp": "dig"})
        reader = ThreadReader(envelope, Signers(book.state))
        told = written(book, step("directed", by, to=to, destinations=destinations), officer)
        assert reader.read(1, told, Signers(book.state))
        return set(reader.access.readers)

    assert readers("dig", "rao", "sp", ("email:sp",), dig=()) == {"dig", "sp", "email:sp"}
    assert readers("dig", "rao", "sp", ("email:sp",), dig=(), sp=()) == {"dig", "sp", "email:sp"}
    assert readers("dig", "rao", "sp", ("mail:sp",), dig=()) == {"dig", "sp"}
    assert readers("dig", "rao", "lanka", ("email:sp",), dig=()) == {"dig", "lanka"}
    assert readers("sp", "clerk", "sp", ("email:sp",), sp=(), dig=()) == {"dig", "sp"}
