"""Entries: a signature covers the body and the place, and each purpose of a key has its own signatures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from satark.api.sealing import new_identity, recipient_of
from satark.identity.signatures import is_signed, signing_key, verifier_of
from satark.roster.entries import (
    Closed,
    DestinationSet,
    Entry,
    KeyChange,
    KeyCode,
    OfficerSet,
    Signature,
    describe,
    desk_verifier,
    fingerprint,
    is_good,
    is_proved,
    is_statement_signed,
    new_code,
    officer_key,
    officer_signer,
    sign_statement,
    spell_out,
)
from support.roster import RosterBook

IDENTITY = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQSUA4TLJ"


@pytest.fixture
def book() -> RosterBook:
    return RosterBook.sealed()


def test_each_purpose_has_a_derived_key_of_its_own_that_never_changes() -> None:
    assert officer_signer(IDENTITY) == verifier_of(signing_key(IDENTITY, "satark/1/officer"))
    assert desk_verifier(IDENTITY) == verifier_of(signing_key(IDENTITY, "satark/1/answers"))
    assert officer_signer(IDENTITY) != desk_verifier(IDENTITY)
    signature = signing_key(IDENTITY, "x").sign(b"one")
    assert is_signed(verifier_of(signing_key(IDENTITY, "x")), signature, b"one")
    for verifier, given, message in (
        (verifier_of(signing_key(IDENTITY, "y")), signature, b"one"),
        (verifier_of(signing_key(IDENTITY, "x")), signature, b"two"),
        (verifier_of(signing_key(IDENTITY, "x")), signature[:-1], b"one"),
        ("zz", signature, b"one"),
        ("", signature, b"one"),
    ):
        assert not is_signed(verifier, given, message)


def test_a_signature_covers_the_body_and_the_place_of_the_proposal(book: RosterBook) -> None:
    body = OfficerSet(desk="sp", officer=book.officer("sp", "new"))
    entry = Entry(body=body, base="ab").signed_with(("sp", "khan"), IDENTITY)
    (signature,) = entry.signatures
    assert (signature.desk, signature.officer, len(signature.signature)) == ("sp", "khan", 128)
    assert is_good(signature, officer_signer(IDENTITY), entry)
    assert not is_good(signature, desk_verifier(IDENTITY), entry)
    for other in (Entry(body=body, base="cd"), Entry(body=Closed(), base="ab")):
        assert not is_good(signature, officer_signer(IDENTITY), other)
    for wrong in ("", "zz", signature.signature[:-2]):
        assert not is_good(msgspec.structs.replace(signature, signature=wrong), officer_signer(IDENTITY), entry)
    assert entry.signed_bytes.startswith(b"satark/1/roster-entry\0")


def test_a_desk_signs_with_its_own_key_and_without_an_officers_name() -> None:
    entry = Entry(body=Closed()).signed_with(("cell", ""), IDENTITY)
    (signature,) = entry.signatures
    assert (signature.desk, signature.officer) == ("cell", "")
    assert is_good(signature, desk_verifier(IDENTITY), entry)


def test_a_second_signature_of_an_officer_takes_the_place_of_the_first() -> None:
    signatures = [Signature(desk=desk, officer=name, signature=one) for desk, name, one in (
        ("sp", "a", "1"), ("sp", "b", "2"), ("dig", "a", "3"), ("sp", "a", "4"))]  # fmt: skip
    entry = Entry(body=Closed())
    for one in signatures:
        entry = entry.signed_by(one)
    assert [one.signature for one in entry.signatures] == ["2", "3", "4"]


def test_the_key_before_signs_every_field_of_a_key_change() -> None:
    (old, former), (new, latest) = new_identity(), new_identity()
    change = KeyChange.of("sp", former, latest, removed="clerk")
    assert (change.desk, change.replaces, change.recipient, change.removed) == ("sp", old, new, "clerk")
    assert change.verifier == desk_verifier(latest)
    assert recipient_of(latest) == change.recipient
    assert is_proved(change, desk_verifier(former))
    assert not is_proved(change, desk_verifier(latest))
    assert KeyChange.of("sp", former, latest).removed == ""
    for field, value in (
        ("recipient", old),
        ("verifier", "x"),
        ("removed", ""),
        ("desk", "dig"),
        ("proof", ""),
        ("proof", "zz"),
    ):
        assert not is_proved(msgspec.structs.replace(change, **{field: value}), desk_verifier(former))


def test_a_signature_on_a_statement_is_not_valid_for_an_entry() -> None:
    signature = sign_statement(b"I rotated", IDENTITY)
    assert is_statement_signed(officer_signer(IDENTITY), signature, b"I rotated")
    assert not is_statement_signed(officer_signer(IDENTITY), signature, b"I rotate")
    assert not is_signed(officer_signer(IDENTITY), signature, b"I rotated")
    assert is_signed(officer_signer(IDENTITY), signature, b"satark/1/officer-statement\0I rotated")
    assert officer_key(IDENTITY).sign(b"I rotated") != signature


def test_an_entry_is_one_line_and_read_back() -> None:
    entry = Entry(body=Closed(destinations=(DestinationSet(to="email:a", desk="sp", recipient="r\n"),)), base="ab")
    encoded = entry.encode()
    assert b"\n" not in encoded
    assert Entry.decode(encoded) == Entry.decode(encoded.decode()) == entry
    for broken in (b"", b"{}", b'{"body": {"what": "x"}}'):
        with pytest.raises(ValueError, match=r".+"):
            Entry.decode(broken)


VERIFIER = KeyCode("ab1o-2345", "sp", "khan").verifier("f00d")


@pytest.mark.parametrize("typed", ["AB1O2345", " ab10 2345 ", "ablo-2345", "abi0-2345"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert KeyCode(typed, "sp", "khan").verifier("f00d") == VERIFIER


@pytest.mark.parametrize(
    "other",
    [
        ("ab1o-2346", "sp", "khan", "f00d"),
        ("", "sp", "khan", "f00d"),
        ("ab1o-2345", "dig", "khan", "f00d"),
        ("ab1o-2345", "sp", "rao", "f00d"),
        ("ab1o-2345", "sp", "khan", "f00e"),
    ],
)
def test_another_code_officer_or_key_gives_another_signing_key(other: tuple[str, str, str, str]) -> None:
    code, desk, officer, fingerprint = other
    assert KeyCode(code, desk, officer).verifier(fingerprint) != VERIFIER


def test_codes_are_random_and_are_not_printed() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    assert all(len(code) == 9 and code[4] == "-" for code in codes)
    assert "2345" not in repr(KeyCode("ab1o-2345", "sp", "khan"))


def test_each_key_that_an_entry_lists_changes_its_fingerprint(book: RosterBook) -> None:
    desk = book.desk("watch", "range", "", book.officer("watch", "x", "head"))
    clerk, other = book.officer("watch", "y"), book.officer("watch", "x", "head")
    replace, recipient = msgspec.structs.replace, new_identity()[0]
    desks = [
        desk,
        replace(desk, desk=replace(desk.desk, recipient=recipient)),
        replace(desk, verifier=other.signer),
        replace(desk, officers=(other,)),
        replace(desk, officers=(*desk.officers, clerk)),
    ]
    reads = DestinationSet(to="email:x", desk="sp", recipient=recipient, verifier="00")
    destinations = [reads, replace(reads, verifier="01"), replace(reads, recipient=other.recipient)]
    officers = [OfficerSet(desk="sp", officer=one) for one in (clerk, replace(clerk, signer="00"))]
    for same in (desks, destinations, officers):
        shown = [fingerprint(one) for one in same]
        assert len({*shown}) == len(shown)
        assert all(describe(one).endswith(f": {fingerprint(one)}") for one in same)
    assert fingerprint(replace(reads, recipient="")) == fingerprint(Closed()) == ""


def test_of_a_new_desk_the_title_is_spelled_out_last_and_in_quotation_marks(book: Any) -> None:
    body = book.desk("watch", "range", "", book.officer("watch", "rana", "head"))
    body = msgspec.structs.replace(body, desk=msgspec.structs.replace(body.desk, title="Thana Lanka was added"))
    assert [line.strip() for line in spell_out(body).splitlines()] == [
        "desk watch was added",
        "level: range",
        "area: everywhere",
        "officers: rana",
        f"fingerprint: {fingerprint(body)}",
        "title, as proposed: “Thana Lanka was added”",
    ]
    assert spell_out(Closed()) == describe(Closed())
